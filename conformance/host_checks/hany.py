"""HANY: what holds for every value, with values that nobody would think of and, where it does not, the smallest."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from hypothesis import strategies as st

from conformance.host_checks.component_code import heard_value
from conformance.host_checks.hput import PATH, SELF, register
from conformance.host_checks.hwit import PLAIN
from conformance.host_checks.registry import host_check
from conformance.host_properties import holds_for
from conformance.host_trial import line, number, text
from conformance.strategies import deltas, json_values, put_values, values
from conformance.strategies.json_values import CHARACTERS, TEXTS, objects
from conformance.trial import require
from refhost.jsontext import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.host_trial import HostTrial, Probe
    from refhost.delta import Delta

_LONG_TEXTS = st.text(CHARACTERS, max_size=200)
# Most is told by log texts, and whether a host takes those for patterns is another matter (HFUN-023).
_SIGN = "%"
_RESERVED = {"script", "hear", "enableDebug"}


@contextmanager
def _running(
    trial: HostTrial,
    *lines: str,
    name: str = "probe",
    hear: bool = False,
    **package: Any,  # noqa: ANN401 - see `package`
) -> Iterator[Probe]:
    with trial.probe(name, **package) as probe:
        probe.start(*lines, hear=hear)
        yield probe


def _hexadecimal(value: str) -> str:
    """An argument of a script's line: a text of any characters."""
    return f"x:{value.encode().hex()}"


def _is_told(value: object) -> bool:
    """Whether a value can be told by a log text."""
    return _SIGN not in dumps(value)


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON
    """A value with its numbers as JSON has them: a host may write 1e17 as 100000000000000000, which is the same."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


# ---- memory -----------------------------------------------------------------------------------------------------


@host_check("HANY-001")
def texts_out(trial: HostTrial) -> None:
    """As a status."""

    def example(probe: Probe, value: str) -> None:
        probe.do(line("sk_set_status", _hexadecimal(value)))
        require(probe.session.status == value, f"the status {value!r} became {probe.session.status!r}")

    holds_for(trial, _LONG_TEXTS, lambda: _running(trial), example)


# Where a text begins, counted from the end of memory, and its length: so that it never lies in memory.
_OUTSIDE = st.tuples(st.integers(-70_000, 2**31), st.integers(1, 2**32 - 1)).filter(lambda place: sum(place) > 0)


@host_check("HANY-002")
def reads_outside(trial: HostTrial) -> None:
    """Whether the host refuses it or ends the call."""

    def example(probe: Probe, place: tuple[int, int]) -> None:
        at, length = place
        probe.start(line("sk_set_status", text("before")), line("sk_set_status", f"m:{at}", number(length)))
        where = f"{length} bytes from {at} past the end of memory"
        require(probe.session.status == "before", f"{where} became the status {probe.session.status[:100]!r}")

    holds_for(trial, _OUTSIDE, lambda: _running(trial), example)


@host_check("HANY-003")
def writes_outside(trial: HostTrial) -> None:
    """What is said afterwards is said by a plugin that is whole; or the call was ended."""

    def example(probe: Probe, place: tuple[int, int]) -> None:
        at, room = place
        if probe.start(line("sk_read_config", f"m:{at}", number(room)), line("say", "after")) == "running":
            told = probe.news()
            where = f"{room} bytes from {at} past the end of memory"
            require(told == [["sk_read_config", "0"], ["after"]], f"reading the configuration into {where} told {told}")

    holds_for(trial, _OUTSIDE, lambda: _running(trial), example)


@host_check("HANY-004")
def rooms(trial: HostTrial) -> None:
    """Of the configuration; the probe tells when a byte behind the answer was touched."""

    def example(probe: Probe, drawn: tuple[str, int]) -> None:
        saved, more = drawn
        probe.do(line("sk_save_config", _hexadecimal(dumps({"name": saved}))))
        size = int(probe.do(line("sk_read_config", "b:4096"))[0][1])
        room = max(size + more, 0)
        told = probe.do(line("sk_read_config", f"b:{room}"))[0]
        what = f"an answer of {size} bytes into a buffer of {room} told {told}"
        require("overwritten" not in told[3:], f"{what}: bytes were written behind it")
        require(told[1] == (str(size) if room >= size else "0"), what)
        require(room < size or loads(told[2]) == {"name": saved}, what)

    drawn = st.tuples(TEXTS.filter(_is_told), st.one_of(st.integers(-3, 3), st.integers(-60, 60)))
    holds_for(trial, drawn, lambda: _running(trial), example)


# ---- deltas -----------------------------------------------------------------------------------------------------


def _contents(delta: Delta) -> list[Any]:
    """What an update says, without who says it and when."""
    return [
        [[(pair["path"], _plain(pair["value"])) for pair in update.get(key, ())] for key in ("values", "meta")]
        for update in delta["updates"]
    ]


def _says_something(delta: Delta) -> bool:
    """Whether each update says something, also at the root of the context."""
    contents = _contents(delta)
    said = [pair for update in contents for pairs in update for pair in pairs]
    return bool(contents) and all(map(any, contents)) and ("", {}) not in said and _is_told(delta)


# A host may take notifications over, and give each an id and a status: what must become of those is HDELTA's.
_SAYING = deltas().filter(_says_something).filter(lambda delta: '"notifications' not in dumps(delta))


@host_check("HANY-005")
def deltas_out(trial: HostTrial) -> None:
    """With values and metadata as they were."""

    def example(probe: Probe, delta: Delta) -> None:
        before = len(probe.emitted)
        probe.do(line("sk_handle_message", _hexadecimal(dumps(delta)), number(1)))
        carried = [loads(one.text) for one in probe.emitted[before:]]
        case = dumps(delta)
        require(len(carried) == 1, f"a valid delta was emitted, and {len(carried)} were carried", case=case)
        found, wanted = _contents(carried[0]), _contents(delta)
        require(found == wanted, f"of a delta with {wanted} came {found}", case=case)

    holds_for(trial, _SAYING, lambda: _running(trial), example)


@host_check("HANY-006")
def deltas_in(trial: HostTrial) -> None:
    """By the host's own door."""

    def example(probe: Probe, delta: Delta) -> None:
        before, case = len(probe.heard), dumps(delta)
        refused = probe.home.inject(case)
        require(not refused, f"the host refused a valid delta: {refused}", case=case)
        came = probe.heard[before:]
        require(len(came) == 1, f"a delta came in, and {len(came)} were delivered", case=case)
        found, wanted = _contents(came[0]), _contents(delta)
        require(found == wanted, f"of a delta with {wanted} was delivered {found}", case=case)

    holds_for(trial, _SAYING, lambda: _running(trial, hear=True), example)


_NO_TEXT = json_values().filter(lambda value: not isinstance(value, str))
_NO_LIST = json_values().filter(lambda value: not isinstance(value, list))
_NO_OBJECT = json_values().filter(lambda value: not isinstance(value, dict))
_NO_DELTA = st.one_of(
    json_values().filter(lambda value: not (isinstance(value, dict) and "updates" in value)),
    st.fixed_dictionaries({"updates": _NO_LIST}),
    st.fixed_dictionaries({"updates": st.tuples(_NO_OBJECT)}),
    st.fixed_dictionaries({"updates": st.tuples(st.fixed_dictionaries({"values": _NO_LIST}))}),
    *(
        st.fixed_dictionaries({"updates": st.tuples(st.fixed_dictionaries({"values": st.tuples(pair)}))})
        for pair in (
            _NO_OBJECT,
            st.fixed_dictionaries({"path": _NO_TEXT, "value": values()}),
            st.fixed_dictionaries({"path": st.just("a.b")}),
        )
    ),
)


@host_check("HANY-007")
def no_deltas(trial: HostTrial) -> None:
    """Any JSON, and deltas with one part that is another thing."""

    def example(probe: Probe, value: object) -> None:
        case, before = dumps(value), len(probe.emitted)
        probe.do(line("sk_handle_message", _hexadecimal(case), number(1)))
        carried = probe.emitted[before:]
        require(not carried, f"what is no delta came as {[one.text for one in carried]}", case=case)
        require(probe.session.state == "running", f"afterwards the plugin is {probe.session.state}", case=case)

    holds_for(trial, _NO_DELTA, lambda: _running(trial), example)


@host_check("HANY-008")
def model(trial: HostTrial) -> None:
    """By an account of its own: of each path the value that came last. Each example has paths of its own."""
    branches = itertools.count()

    def example(probe: Probe, stream: list[tuple[str, Any]]) -> None:
        account: dict[str, Any] = {}
        branch = f"probe.branch{next(branches)}"
        for place, value in stream:
            path = f"{branch}.{place}"
            delta = {"updates": [{"$source": "gps.1", "values": [{"path": path, "value": value}]}]}
            refused = probe.home.inject(dumps(delta))
            require(not refused, f"the host refused a valid delta: {refused}", case=dumps(delta))
            account[path] = value
        for path, value in account.items():
            told = probe.do(line("sk_get_self_path", text(path), "b:8192"))[0]
            found = loads(told[2]).get("value", "nothing") if told[1] != "0" else "nothing"
            require(_plain(found) == _plain(value), f"{path} is {value!r}, and {found!r} was read", case=dumps(stream))

    entries = st.tuples(
        st.sampled_from(("one", "two", "three.four")),
        values().filter(lambda value: value is not None and _is_told(value)),
    )
    holds_for(trial, st.lists(entries, min_size=1, max_size=6), lambda: _running(trial), example)


# ---- configuration, clients, dialects ---------------------------------------------------------------------------

_CONFIGURATIONS = objects().filter(lambda value: not _RESERVED & set(value) and _is_told(value))


@host_check("HANY-009")
def configurations(trial: HostTrial) -> None:
    """Saved by the plugin, read by the plugin and seen by the user."""

    def example(probe: Probe, value: dict[str, Any]) -> None:
        case = dumps(value)
        told = probe.do(line("sk_save_config", _hexadecimal(case)), line("sk_read_config", "b:20000"))
        require(told[0][1] == "0", f"saving an object answered {told[0][1]}", case=case)
        require(_plain(loads(told[1][2])) == _plain(value), f"{case} was saved, and {told[1][2]} read", case=case)
        seen = dict(probe.session.configuration)
        require(_plain(seen) == _plain(value), f"{case} was saved, and the user sees {dumps(seen)}", case=case)

    holds_for(trial, _CONFIGURATIONS, lambda: _running(trial), example)


@host_check("HANY-010")
def puts(trial: HostTrial) -> None:
    """JSON of any kind."""

    def example(probe: Probe, value: object) -> None:
        before = len(probe.said)
        probe.session.put(SELF, PATH, value)
        said = [entry.partition("\t")[2] for entry in probe.said[before:] if entry.startswith("put ")]
        require(len(said) == 1, f"the handler was called {len(said)} times", case=dumps(value))
        require(_plain(loads(said[0])) == _plain(value), f"{dumps(value)} was put, and the handler got {said[0]}")

    held = {"putHandlers": True}
    # A text would be carried out as a script: it is put as a part of something.
    given = put_values().map(lambda value: {"text": value} if isinstance(value, str) else value)
    holds_for(trial, given.filter(_is_told), lambda: _running(trial, register(), capabilities=held), example)


@host_check("HANY-011")
def queries(trial: HostTrial) -> None:
    """Names and texts, encoded as a browser does it."""

    def example(probe: Probe, query: dict[str, str]) -> None:
        path = f"/items/1?{urlencode(query)}"
        reply = probe.session.http("GET", path)
        require(reply.status == 200, f"GET {path} answered {reply.status}")
        found = loads(reply.body)["query"]
        require(found == query, f"of GET {path} the handler got the query {found}")

    names = st.text("abcxyzäø_", min_size=1, max_size=6)
    given = st.dictionaries(names, TEXTS, max_size=3)
    holds_for(trial, given, lambda: _running(trial, capabilities={"httpEndpoints": True}), example)


@host_check("HANY-012")
def strings(trial: HostTrial) -> None:
    """In a delta, as UTF-16."""

    def example(probe: Probe, value: str) -> None:
        before = len(probe.heard)
        probe.home.inject(dumps({"updates": [{"$source": "gps.1", "values": [{"path": "a.b", "value": value}]}]}))
        found = [delta["updates"][0]["values"][0]["value"] for delta in probe.heard[before:]]
        require(found == [value], f"{value!r} was sent, and {found} came")

    texts = _LONG_TEXTS.filter(_is_told)
    holds_for(trial, texts, lambda: _running(trial, name="probe-assemblyscript", hear=True), example)


@host_check("HANY-013")
def component_values(trial: HostTrial) -> None:
    """In a delta, as the text of a record."""

    def example(probe: Probe, value: object) -> None:
        before, case = len(probe.said), dumps(value)
        probe.home.inject(dumps({"updates": [{"$source": "gps.1", "values": [{"path": "a.b", "value": value}]}]}))
        said = probe.said[before:]
        require(len(said) == 1, f"of one value it said {said}", case=case)
        require(_plain(loads(said[0])) == _plain(value), f"the value {case} came as {said[0]}")

    changes = {"(; delta ;)": heard_value(8)}
    holds_for(trial, values().filter(_is_told), lambda: _running(trial, name=PLAIN, changes=changes), example)
