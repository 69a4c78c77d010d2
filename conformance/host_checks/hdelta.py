"""HDELTA: deltas and notifications, from a plugin to the host and from the host to plugins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance.host_checks.hfun import NOTIFICATION
from conformance.host_checks.registry import host_check
from conformance.host_trial import emit, emit_text, kept, line, text, values_of
from conformance.trial import require
from refhost.jsontext import dumps, loads

if TYPE_CHECKING:
    from conformance.host_trial import HostTrial

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_OTHER = "vessels.urn:mrn:imo:mmsi:230099999"


def _carried(trial: HostTrial, delta: str) -> dict[str, Any]:
    """What the host carries of one delta that a plugin emits."""
    with trial.probe() as probe:
        probe.run(emit_text(delta))
        require(len(probe.emitted) == 1, f"of {delta[:200]} the host carried {len(probe.emitted)} deltas")
        found: dict[str, Any] = loads(probe.emitted[0].text)
        return found


def _refused(trial: HostTrial, *deltas: str) -> None:
    """Nothing of these is carried; it is logged, and the next one is carried."""
    for delta in deltas:
        with trial.probe() as probe:
            probe.run(emit_text(delta), emit("probe.next", 1))
            found = [carried.text for carried in probe.emitted if "probe.next" not in carried.text]
            require(not found, f"of {delta[:200]} the host carried {found}")
            require(probe.values("probe.next") == [1], f"after {delta[:200]} a delta in order was not carried")
            logged = [r for r in probe.log if r.kind not in {"debug", "state"} and r.text]
            require(logged, f"{delta[:200]} was refused, and the log does not say so")


def _one(value: str, **more: str) -> str:
    keys = "".join(f'"{key}":{text_},' for key, text_ in more.items())
    return f'{{"updates":[{{{keys}"values":[{{"path":"probe.value","value":{value}}}]}}]}}'


@host_check("HDELTA-001")
def source(trial: HostTrial) -> None:
    """None given."""
    found = _carried(trial, _one("1"))["updates"][0].get("$source")
    require(found == "probe", f"the plugin probe emitted a delta, and its $source is {found!r}")


@host_check("HDELTA-002")
def forged_source(trial: HostTrial) -> None:
    """Another one given, in both ways."""
    for forged in ({"$source": '"gps"'}, {"source": '{"label":"gps","type":"NMEA0183"}'}):
        update = _carried(trial, _one("1", **forged))["updates"][0]
        source = update.get("$source")
        require(source == "probe", f"the plugin claimed {forged}, and $source is {source!r}")
        require("gps" not in dumps(update), f"the plugin claimed {forged}, and the host carried {dumps(update)}")


@host_check("HDELTA-003")
def timestamp(trial: HostTrial) -> None:
    """None given."""
    found = _carried(trial, _one("1"))["updates"][0].get("timestamp")
    require(isinstance(found, str) and _TIME.fullmatch(found), f"the timestamp is {found!r}")


@host_check("HDELTA-004")
def own_timestamp(trial: HostTrial) -> None:
    """An old one."""
    given = "2020-02-02T02:02:02.222Z"
    found = _carried(trial, _one("1", timestamp=f'"{given}"'))["updates"][0].get("timestamp")
    require(found == given, f"the plugin gave the timestamp {given}, and it is {found!r}")


def _context(trial: HostTrial, context: str) -> str:
    found = _carried(trial, _one("1").replace("{", f'{{"context":"{context}",', 1) if context else _one("1"))
    return str(found.get("context"))


def own_context(context: str) -> None:
    """Make sure that a context is the own vessel, by its id."""
    own = context.startswith("vessels.") and context not in {"vessels.self", "vessels."}
    require(own, f"the context is {context!r}, and not vessels. with the own vessel's id")


@host_check("HDELTA-005")
def no_context(trial: HostTrial) -> None:
    """None given."""
    own_context(_context(trial, ""))


@host_check("HDELTA-006")
def self_context(trial: HostTrial) -> None:
    """The same as none."""
    found = _context(trial, "vessels.self")
    own_context(found)
    require(found == _context(trial, ""), f"vessels.self became {found}, and no context another one")


@host_check("HDELTA-007")
def other_context(trial: HostTrial) -> None:
    """Another vessel."""
    found = _context(trial, _OTHER)
    require(found == _OTHER, f"the context was {_OTHER}, and is {found}")


@host_check("HDELTA-008")
def order(trial: HostTrial) -> None:
    """Fifty in start, fifty in a poll."""
    with trial.probe() as probe:
        first, second = ([emit("probe.count", n) for n in range(at, at + 50)] for at in (0, 50))
        probe.run(*first, kept("poll", *second))
        probe.home.advance(1.5)
        found = probe.values("probe.count")
        require(found == list(range(100)), f"0 to 99 were emitted, and the host carried {found}")


@host_check("HDELTA-009")
def not_json(trial: HostTrial) -> None:
    """Nothing, half, more, what only JavaScript reads."""
    _refused(trial, "", "{", _one("1")[:-1], f"{_one('1')}}}", "{updates:[]}", _one("'x'"))


@host_check("HDELTA-010")
def not_a_delta(trial: HostTrial) -> None:
    """Each part of another kind."""
    _refused(
        trial,
        *("null", "1", '"text"', "[]", "{}", '{"updates":1}', '{"updates":{}}', '{"updates":[1]}', '{"updates":[{}]}'),
        *('{"updates":[{"values":1}]}', '{"updates":[{"values":[1]}]}', '{"updates":[{"values":[{"path":"a"}]}]}'),
        *('{"updates":[{"values":[{"value":1}]}]}', '{"updates":[{"values":[{"path":7,"value":1}]}]}'),
        _one("1").replace("{", '{"context":7,', 1),
    )


@host_check("HDELTA-011")
def array(trial: HostTrial) -> None:
    """Empty and not."""
    _refused(trial, _one("[]"), _one("[1,2]"))


@host_check("HDELTA-012")
def no_numbers(trial: HostTrial) -> None:
    """As many parsers read them."""
    _refused(trial, *(_one(word) for word in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999")))


@host_check("HDELTA-013")
def neighbours(trial: HostTrial) -> None:
    """A bad one between good ones."""
    good = '{{"values":[{{"path":"probe.value","value":{}}}]}}'
    delta = f'{{"updates":[{good.format(1)},{good.format("[1]")},{{"values":7}},{good.format(2)}]}}'
    with trial.probe() as probe:
        probe.run(emit_text(delta))
        require(probe.values("probe.value") == [1, 2], f"of 1, an array and 2 came {probe.values('probe.value')}")


@host_check("HDELTA-014")
def null(trial: HostTrial) -> None:
    """It is a value."""
    found = values_of(dumps(_carried(trial, _one("null"))), "probe.value")
    require(found == [None], f"null was emitted, and the host carried {found}")


@host_check("HDELTA-015")
def kinds(trial: HostTrial) -> None:
    """With many digits, and many characters."""
    texts = ["", 'Ærø "x" \\ 🚢\n']
    values = [0, -1, 0.1, 123456789.123456, 1e21, 5e-324, True, False, *texts, {"latitude": 54.5, "x": {}}]
    for value in values:
        found = values_of(dumps(_carried(trial, _one(dumps(value)))), "probe.value")
        same = found == [value] and isinstance(found[0], bool) == isinstance(value, bool)
        require(same, f"{value!r} was emitted, and the host carried {found}")


@host_check("HDELTA-016")
def metadata(trial: HostTrial) -> None:
    """Units."""
    meta = {"path": "probe.value", "value": {"units": "m/s", "description": "Speed"}}
    found = _carried(trial, dumps({"updates": [{"meta": [meta]}]}))["updates"][0]
    require(found.get("meta") == [meta], f"the metadata {meta} was emitted, and the host carried {found}")


@host_check("HDELTA-017")
def own(trial: HostTrial) -> None:
    """Once."""
    with trial.probe() as probe:
        probe.start(kept("poll", emit("probe.value", 7)), hear=True)
        probe.home.advance(1.1)
        heard = [delta for delta in probe.heard if values_of(dumps(delta), "probe.value") == [7]]
        require(len(heard) == 1, f"it emitted one delta, and heard {len(heard)} of it")


@host_check("HDELTA-018")
def no_recursion(trial: HostTrial) -> None:
    """It emits, then says that it is over, then hears."""
    with trial.probe() as probe:
        probe.start(hear=True)
        before = len(probe.said)
        probe.do(emit("probe.value", 7), line("say", "over"))
        words = [said.partition("\t")[0] for said in probe.said[before:]]
        wanted = ["heard", "sk_handle_message", "over", "heard"]
        require(words == wanted, f"emitting in its delta handler it said {words}, not {wanted}")


@host_check("HDELTA-019")
def echo(trial: HostTrial) -> None:
    """One delta, and then its own."""
    with trial.host() as home:
        probe = trial.load(home, package="echo")
        probe.run(kept("delta", emit("probe.echo", 1)))
        home.inject(_one("1", **{"$source": '"suite"'}))
        count = len(probe.emitted)
        require(count > 0, "it answered nothing")
        require([r for r in probe.log if r.kind not in {"debug", "state"}], "nothing was logged of it")
        home.advance(0.5)
        probe.session.stop()
        other = trial.load(home, package="other")
        other.start(hear=True)
        home.inject(_one("2", **{"$source": '"suite"'}))
        require(len(other.heard) == 1, "afterwards another plugin hears nothing")


@host_check("HDELTA-020")
def flood(trial: HostTrial) -> None:
    """Another plugin emits in the middle of it."""
    with trial.host() as home:
        other = trial.load(home, package="other")
        other.run()
        noisy = trial.load(home, package="noisy", capabilities={"dataRead": False})
        asks = emit("probe.script", emit("probe.answer", 1))
        noisy.start(asks, line("repeat", "12000", emit("probe.flood", 1)))
        require(noisy.values("probe.flood"), "nothing of the flood was carried")
        require(other.values("probe.answer") == [1], "what the other plugin emitted in the flood was not carried")


@host_check("HDELTA-021")
def v2(trial: HostTrial) -> None:
    """Read as a client."""
    with trial.probe() as probe:
        probe.run(emit("probe.event", 1, version=2), emit("probe.value", 1))
        require(probe.home.read("vessels.self.probe.event") is None, "a v2 delta is in the model")
        require(probe.home.read("vessels.self.probe.value") is not None, "a v1 delta is not in the model")


@host_check("HDELTA-022")
def versions(trial: HostTrial) -> None:
    """0 and 1 are v1."""
    for given, wanted in ((0, 1), (1, 1), (2, 2)):
        with trial.probe() as probe:
            probe.run(emit("probe.value", 1, version=given))
            found = [delta.version for delta in probe.emitted]
            require(found == [wanted], f"the version {given} was given, and {found} carried")


def _heard(trial: HostTrial, delta: str) -> dict[str, Any]:
    with trial.probe() as probe:
        probe.start(hear=True)
        refused = probe.home.inject(delta)
        require(not refused, f"the host refused {delta}: {refused}")
        require(len(probe.heard) == 1, f"{len(probe.heard)} deltas were delivered of one")
        return probe.heard[0]


@host_check("HDELTA-023")
def complete(trial: HostTrial) -> None:
    """Put in with as little as there can be."""
    found = _heard(trial, _one("1", **{"$source": '"suite"'}))
    update = found["updates"][0]
    require(found.get("context"), f"the delta that was delivered has no context: {dumps(found)}")
    require(update.get("$source"), f"the delta that was delivered has no $source: {dumps(found)}")
    require(_TIME.fullmatch(update.get("timestamp", "")), f"the timestamp is {update.get('timestamp')!r}")


@host_check("HDELTA-024")
def delivered_context(trial: HostTrial) -> None:
    """Put in for vessels.self."""
    own_context(
        _heard(trial, _one("1", **{"$source": '"suite"'}).replace("{", '{"context":"vessels.self",', 1))["context"]
    )


@host_check("HDELTA-025")
def everyone(trial: HostTrial) -> None:
    """Three."""
    with trial.host() as home:
        probes = [trial.load(home, package=name) for name in ("one", "two", "three")]
        for probe in probes:
            probe.start(hear=True)
        home.inject(_one("1", **{"$source": '"suite"'}))
        counts = [len(probe.heard) for probe in probes]
        require(counts == [1, 1, 1], f"three plugins run, and heard {counts} deltas of one")


@host_check("HDELTA-026")
def many_values(trial: HostTrial) -> None:
    """Twenty."""
    values = [{"path": f"a.b{number}", "value": number} for number in range(20)]
    found = _heard(trial, dumps({"updates": [{"$source": "suite", "values": values}]}))
    require(found["updates"][0]["values"] == values, f"the delta that was delivered is {dumps(found)[:300]}")


@host_check("HDELTA-027")
def deep(trial: HostTrial) -> None:
    """Deeper than a parser's stack."""
    for depth in (250, 100_000):
        _refused(trial, _one('{"a":' * depth + "1" + "}" * depth))


@host_check("HDELTA-028")
def half_a_pair(trial: HostTrial) -> None:
    """Escaped, which is UTF-8."""
    _refused(trial, _one('"\\ud800"'), _one('"\\udc00x"'), _one('{"\\udead":1}'))


@host_check("HDELTA-035")
def from_elsewhere(trial: HostTrial) -> None:
    """Of another vessel, an hour ago."""
    given = "2020-02-02T02:02:02.222Z"
    delta = _one("1", **{"$source": '"n2k.7"', "timestamp": f'"{given}"'}).replace("{", f'{{"context":"{_OTHER}",', 1)
    found = _heard(trial, delta)
    update = found["updates"][0]
    require(found["context"] == _OTHER, f"the context was {_OTHER}, and is {found['context']}")
    require(update["$source"] == "n2k.7", f"the $source was n2k.7, and is {update['$source']}")
    require(update["timestamp"] == given, f"the timestamp was {given}, and is {update['timestamp']}")


@host_check("HDELTA-036")
def root(trial: HostTrial) -> None:
    """Its name."""
    delta = dumps({"context": _OTHER, "updates": [{"values": [{"path": "", "value": {"name": "Ærø"}}]}]})
    found = values_of(dumps(_carried(trial, delta)), "")
    require(found == [{"name": "Ærø"}], f"an object at the path '' was emitted, and the host carried {found}")


@host_check("HDELTA-037")
def bad_timestamp(trial: HostTrial) -> None:
    """Words, another order, a month too many."""
    for given in ("yesterday", "02.02.2020 02:02", "2020-13-41T99:99:99Z"):
        with trial.probe() as probe:
            probe.run(emit("probe.value", 1, timestamp=given))
            require(not any(given in delta.text for delta in probe.emitted), f"the timestamp {given!r} was carried")


@host_check("HDELTA-038")
def from_others(trial: HostTrial) -> None:
    """One emits, one hears."""
    with trial.host() as home:
        hears = trial.load(home, package="hears")
        hears.start(hear=True)
        trial.load(home, package="emits").run(emit("probe.value", 7))
        found = [delta["updates"][0]["$source"] for delta in hears.heard]
        require(found == ["emits"], f"a plugin emitted one delta, and another heard deltas of {found}")


@host_check("HDELTA-039")
def scoped(trial: HostTrial) -> None:
    """A delta, and a notification."""
    with trial.probe(package="@boat/probe") as probe:
        probe.run(emit("probe.value", 1), line("sk_publish_notification", text("notifications.a"), text(NOTIFICATION)))
        updates = [update for delta in probe.home.deltas for update in loads(delta.text)["updates"]]
        emitted = [update for update in updates if update.get("values")]
        paths = {"probe.value", "notifications.a"}  # a host has deltas of its own, too
        found = [update["$source"] for update in emitted if update["values"][0]["path"] in paths]
        require(found == ["_boat_probe"] * 2, f"the package is @boat/probe, and the sources are {found}")
