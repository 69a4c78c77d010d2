"""HSTR: texts on their way between a host and a plugin's memory, and the bounds of that memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.host_checks.registry import host_check
from conformance.host_trial import line, number, text
from conformance.trial import require
from refhost.errors import HostError
from refhost.jsontext import dumps, loads

if TYPE_CHECKING:
    from conformance.host_trial import HostTrial

BEFORE = "as it was"
# Of each length of UTF-8, and what JSON escapes.
WORDS = 'Kōbenhavn, "Ærø" \\ 東京 ⚓ 🚢 \u0001'
_LIES = {"-1": "minus one", "8193": "8193 bytes, of a room of 8192", "2147483647": "the largest number"}


def _unread(trial: HostTrial, *arguments: str) -> None:
    """A text that cannot be read leaves the status as it was; the call may end in a trap (R5)."""
    with trial.probe() as probe:
        probe.start(line("sk_set_status", text(BEFORE)), line("sk_set_status", *arguments), line("say", "after"))
        shown = " ".join(arguments)
        require(probe.session.status == BEFORE, f"sk_set_status of {shown} set the status {probe.session.status!r}")
        survived = ["after"] in probe.told or probe.session.fault in {"trap", "abort"}
        require(survived, f"after sk_set_status of {shown} the plugin is {probe.session.state}")
        require(probe.start(line("say", "again")) in {"running", "error"}, "the host lost the plugin")


def _status(trial: HostTrial, wanted: str, *arguments: str) -> None:
    with trial.probe() as probe:
        probe.run(line("sk_set_status", text(BEFORE)), line("sk_set_status", *arguments))
        require(probe.session.status == wanted, f"the status is {probe.session.status!r}, not {wanted!r}")


@host_check("HSTR-001")
def at_minus_one(trial: HostTrial) -> None:
    """The last address that there can be."""
    _unread(trial, number(-1), number(1))
    _unread(trial, number(-1), number(10))


@host_check("HSTR-002")
def at_the_end(trial: HostTrial) -> None:
    """The first address that is none."""
    _unread(trial, "m:0", number(1))


@host_check("HSTR-003")
def across_the_end(trial: HostTrial) -> None:
    """Half inside."""
    _unread(trial, "m:-4", number(5))
    _unread(trial, number(0), number(0x7FFFFFFF))


@host_check("HSTR-004")
def around_the_end(trial: HostTrial) -> None:
    """The sum is small again."""
    _unread(trial, number(1000), number(-500))


@host_check("HSTR-005")
def at_the_middle(trial: HostTrial) -> None:
    """The first address that is negative as a signed number."""
    _unread(trial, number(-(2**31)), number(4))


@host_check("HSTR-006")
def negative_length(trial: HostTrial) -> None:
    """Four gigabytes."""
    _unread(trial, number(16), number(-1))


@host_check("HSTR-007")
def empty(trial: HostTrial) -> None:
    """The status is cleared."""
    _status(trial, "", text(""))


@host_check("HSTR-008")
def last_byte(trial: HostTrial) -> None:
    """It is zero in fresh memory."""
    with trial.probe() as probe:
        probe.run(line("grow", "1"), line("sk_set_status", "m:-1", number(1)))
        require(probe.session.status == "\0", f"the status is {probe.session.status!r}, not one NUL")


@host_check("HSTR-009")
def not_utf8(trial: HostTrial) -> None:
    """A byte that UTF-8 never has."""
    _unread(trial, "x:61ff62")


@host_check("HSTR-010")
def half_a_character(trial: HostTrial) -> None:
    """Two bytes of three."""
    _unread(trial, "x:61e282")


@host_check("HSTR-011")
def half_a_pair(trial: HostTrial) -> None:
    """U+D800."""
    _unread(trial, "x:eda080")


@host_check("HSTR-012")
def overlong(trial: HostTrial) -> None:
    """A NUL, and a slash, in two bytes."""
    _unread(trial, "x:c080")
    _unread(trial, "x:c0af")


@host_check("HSTR-013")
def nul(trial: HostTrial) -> None:
    """It ends nothing."""
    _status(trial, "a\0b", "x:610062")


@host_check("HSTR-014")
def characters(trial: HostTrial) -> None:
    """Of one to four bytes."""
    _status(trial, WORDS, f"x:{WORDS.encode().hex()}")


@host_check("HSTR-015")
def buffer_out_of_range(trial: HostTrial) -> None:
    """Where `{}` would go."""
    for place in ((number(-1), number(100)), ("m:0", number(100)), ("m:-1", number(100)), (number(1000), number(-10))):
        with trial.probe() as probe:
            probe.start(line("sk_read_config", *place), line("say", "after"))
            shown = " ".join(place)
            told = probe.news()
            if ["after"] in told:
                require(told[0] == ["sk_read_config", "0"], f"sk_read_config into {shown} answered {told[0]}")
            else:
                fault = probe.session.fault
                require(fault in {"trap", "abort"}, f"after sk_read_config into {shown} it is {probe.session.state}")


def _reading(trial: HostTrial, room: int) -> list[str]:
    """What came of reading the configuration `{"a":12345}` into so much room; "overwritten" where there was more."""
    with trial.probe() as probe:
        probe.run(line("sk_save_config", text('{"a":12345}')))
        told = probe.do(line("sk_read_config", f"b:{room}"))
        require(told, "the probe told nothing of sk_read_config")
        return told[0][1:]


@host_check("HSTR-016")
def too_small(trial: HostTrial) -> None:
    """One byte is missing."""
    for room in (1, 10):
        found = _reading(trial, room)
        require(found == ["0", ""], f"11 bytes into {room}: {found}")


@host_check("HSTR-017")
def exact(trial: HostTrial) -> None:
    """No byte to spare."""
    found = _reading(trial, 11)
    require(found[:2] == ["11", '{"a":12345}'], f"11 bytes into 11: {found}")


@host_check("HSTR-018")
def nothing_behind(trial: HostTrial) -> None:
    """Room to spare."""
    for room in (11, 12, 1000):
        found = _reading(trial, room)
        require(found == ["11", '{"a":12345}'], f"11 bytes into {room}: {found}")


@host_check("HSTR-019")
def no_room(trial: HostTrial) -> None:
    """A buffer of nothing."""
    found = _reading(trial, 0)
    require(found == ["0", ""], f"11 bytes into 0: {found}")


def _metadata(trial: HostTrial, export: str, give: str, lie: str, what: str, *, bare: bool = False) -> None:
    """An export that returns what it should not: the plugin is refused, or at least does not run."""
    with trial.host() as home:
        package = trial.package("plain", package="" if bare else "plain", changes={give: lie})
        try:
            session = home.load(package)
            state = session.start({})
        except HostError as error:
            require(str(error), f"the error about a {export} of {what} is empty")
        else:
            require(state == "error", f"with a {export} of {what} the plugin is {state}")
        after = trial.load(home, package="another")
        require(after.start(line("say", "here")) == "running", "afterwards a plugin in order does not run")


_GIVES = {
    "plugin_id": "(call $give (i32.const 16) (i32.const 5) (local.get $out))",
    "plugin_name": "(call $give (i32.const 32) (i32.const 5) (local.get $out))",
    "plugin_schema": "(call $give (i32.const 64) (i32.const 17) (local.get $out))",
}
_NO_UTF8 = "(i32.store (local.get $out) (i32.const 0x2261ff22)) (i32.const 4)"


def _lies(trial: HostTrial, export: str, lengths: tuple[str, ...], *, bare: bool = False) -> None:
    for length in lengths:
        _metadata(trial, export, _GIVES[export], f"(i32.const {length})", _LIES[length], bare=bare)


@host_check("HSTR-020")
def name_of_negative_length(trial: HostTrial) -> None:
    """Minus 1."""
    _lies(trial, "plugin_name", ("-1",))


@host_check("HSTR-021")
def name_too_long(trial: HostTrial) -> None:
    """One more than there is room for, and much more."""
    _lies(trial, "plugin_name", ("8193", "2147483647"))


@host_check("HSTR-022")
def name_not_utf8(trial: HostTrial) -> None:
    """A byte that UTF-8 never has."""
    _metadata(trial, "plugin_name", _GIVES["plugin_name"], _NO_UTF8, "what is not UTF-8")


@host_check("HSTR-023")
def schema_unreadable(trial: HostTrial) -> None:
    """All three."""
    _lies(trial, "plugin_schema", ("-1", "8193", "2147483647"))
    _metadata(trial, "plugin_schema", _GIVES["plugin_schema"], _NO_UTF8, "what is not UTF-8")


@host_check("HSTR-024")
def id_unreadable(trial: HostTrial) -> None:
    """All three, of a bare binary: with a package nobody has to ask for its id."""
    _lies(trial, "plugin_id", ("-1", "8193", "2147483647"), bare=True)
    _metadata(trial, "plugin_id", _GIVES["plugin_id"], _NO_UTF8, "what is not UTF-8", bare=True)


_CLAIMS = ("-1", "100000", "2147483647")


@host_check("HSTR-025")
def put_claims(trial: HostTrial) -> None:
    """Lengths that there is no room for."""
    register = line("sk_register_put_handler", text("vessels.self"), text("probe.script"))
    for claim in _CLAIMS:
        with trial.probe(capabilities={"putHandlers": True}) as probe:
            probe.run(register, line("answer-claim", claim))
            reply = probe.session.put("vessels.self", "probe.script", 1)
            require((reply.state, reply.status_code) == ("COMPLETED", 500), f"a claim of {claim} bytes gave {reply}")


@host_check("HSTR-026")
def http_claims(trial: HostTrial) -> None:
    """Lengths that there is no room for."""
    for claim in _CLAIMS:
        with trial.probe(capabilities={"httpEndpoints": True}) as probe:
            probe.run(line("answer-claim", claim))
            reply = probe.session.http("GET", "/run")
            require(reply.status == 500, f"a claim of {claim} bytes gave {reply.status}: {reply.body[:100]}")


def _allocate(trial: HostTrial, body: str, what: str) -> None:
    _metadata(trial, "allocate", "(local.get $at))", f"{body})", what)


@host_check("HSTR-027")
def allocates_out_of_range(trial: HostTrial) -> None:
    """Addresses that are none."""
    for address in ("-1", "131072", "-2147483648", "131068"):
        _allocate(trial, f"(i32.const {address})", f"the address {address}")


@host_check("HSTR-028")
def allocate_traps(trial: HostTrial) -> None:
    """Out of memory, say."""
    _allocate(trial, "(unreachable)", "a trap")


@host_check("HSTR-029")
def configuration(trial: HostTrial) -> None:
    """The script is a part of it."""
    with trial.probe() as probe:
        told = probe.run(line("say", WORDS))
        require(told == [[WORDS]], f"the configuration had {WORDS!r}, and the plugin read {told}")


def _hears(trial: HostTrial, value: Any, shown: str) -> None:  # noqa: ANN401 - JSON
    with trial.probe() as probe:
        probe.start(hear=True)
        delta = {"updates": [{"$source": "suite", "values": [{"path": "a.b", "value": value}]}]}
        refused = probe.home.inject(dumps(delta))
        require(not refused, f"the host refused {shown}: {refused}")
        heard = [loads(said.removeprefix("heard\t")) for said in probe.said if said.startswith("heard\t")]
        values = [d["updates"][0]["values"][0]["value"] for d in heard]
        require(values == [value], f"{shown} was sent, and {dumps(values)[:200]} arrived")


@host_check("HSTR-030")
def delta_characters(trial: HostTrial) -> None:
    """Of one to four bytes."""
    _hears(trial, WORDS, "a delta with many characters")


@host_check("HSTR-031")
def long_delta(trial: HostTrial) -> None:
    """Its end is told from its beginning."""
    _hears(trial, f"begin {'0123456789' * 100_000} end", "a delta of a megabyte")
