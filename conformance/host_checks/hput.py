"""HPUT: a client's PUT on its way to a plugin and back."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from conformance.host_checks.registry import host_check
from conformance.host_trial import answer, emit, kept, line, number, text
from conformance.trial import require
from refhost.jsontext import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.drivers.interface import PutReply
    from conformance.host_trial import HostTrial, Probe

PATH = "probe.script"
SELF = "vessels.self"
_HELD = {"putHandlers": True}


def register(path: str = PATH, context: str = SELF) -> str:
    """A line that registers a PUT handler."""
    return line("sk_register_put_handler", text(context), text(path))


@contextmanager
def _registered(trial: HostTrial, *lines: str, path: str = PATH) -> Iterator[Probe]:
    with trial.probe(capabilities=_HELD) as probe:
        probe.run(register(path), *lines)
        yield probe


def _put(probe: Probe, value: Any = 1, path: str = PATH, context: str = SELF) -> PutReply:  # noqa: ANN401 - JSON
    return probe.session.put(context, path, value)


def _is(reply: PutReply, state: str, code: int, what: str) -> None:
    require((reply.state, reply.status_code) == (state, code), f"{what} gave {reply}, not {state} {code}")


@host_check("HPUT-001")
def supports_put(trial: HostTrial) -> None:
    """In a delta of the host's."""
    with _registered(trial) as probe:
        metas = [
            meta
            for delta in probe.home.deltas
            for update in loads(delta.text)["updates"]
            for meta in update.get("meta", ())
        ]
        found = [meta["value"] for meta in metas if meta["path"] == PATH]
        require(any(value.get("supportsPut") is True for value in found), f"the metadata of {PATH} is {found}")


@host_check("HPUT-002")
def calls(trial: HostTrial) -> None:
    """Once."""
    with _registered(trial) as probe:
        before = len(probe.told)
        _is(_put(probe, 42), "COMPLETED", 200, "a PUT")
        found = [told for told in probe.told[before:] if told[0].startswith("put ")]
        require(found == [["put probe.script", "42"]], f"a PUT of 42 came to the handler as {found}")


@host_check("HPUT-003")
def values(trial: HostTrial) -> None:
    """Every kind of JSON."""
    with _registered(trial) as probe:
        for value in (0, -1.5, True, None, {"a": {"b": 'Ærø "x"'}}, [1, [2]], "", "Ærø 🚢"):
            before = len(probe.said)
            _put(probe, value)
            said = [entry for entry in probe.said[before:] if entry.startswith("put ")]
            found = loads(said[0].partition("\t")[2]) if said else "nothing"
            require(found == value, f"{dumps(value)} was put, and {dumps(found)} came")


@host_check("HPUT-004")
def case_kept(trial: HostTrial) -> None:
    """In capitals."""
    with _registered(trial, path="probe.caseKept.switch") as probe:
        _is(_put(probe, 1, "probe.caseKept.switch"), "COMPLETED", 200, "a PUT on probe.caseKept.switch")
        require(["put probe.caseKept.switch", "1"] in probe.told, "the handler was not called")


def _answers(trial: HostTrial, given: str) -> PutReply:
    with _registered(trial, answer(given)) as probe:
        return _put(probe)


@host_check("HPUT-005")
def pending(trial: HostTrial) -> None:
    """202."""
    _is(_answers(trial, '{"state":"PENDING","statusCode":202}'), "PENDING", 202, "an answer PENDING")


@host_check("HPUT-006")
def passed_on(trial: HostTrial) -> None:
    """No."""
    reply = _answers(trial, '{"state":"COMPLETED","statusCode":403,"message":"Not while ærø sails"}')
    _is(reply, "COMPLETED", 403, "an answer 403")
    require(reply.message == "Not while ærø sails", f"the message is {reply.message!r}")


@host_check("HPUT-007")
def not_exported(trial: HostTrial) -> None:
    """Registered all the same."""
    with _registered(trial, path="probe.nobody") as probe:
        _is(_put(probe, 1, "probe.nobody"), "COMPLETED", 501, "a handler that is not exported")


@host_check("HPUT-008")
def traps(trial: HostTrial) -> None:
    """And another plugin goes on."""
    with _registered(trial, kept("put", "trap")) as probe:
        _is(_put(probe), "COMPLETED", 500, "a handler that traps")
        other = trial.load(probe.home, package="another")
        require(other.start() == "running", "afterwards a plugin in order does not run")


@host_check("HPUT-009")
def not_json(trial: HostTrial) -> None:
    """Half, more, and words."""
    for given in ("done", '{"state":"COMPLETED","statusCode":200', '{"state":"COMPLETED","statusCode":200}}'):
        _is(_answers(trial, given), "COMPLETED", 500, f"the answer {given!r}")


@host_check("HPUT-010")
def malformed(trial: HostTrial) -> None:
    """Each part wrong."""
    for given in (
        *("null", "[]", "200", "{}", '{"state":"COMPLETED"}', '{"statusCode":200}'),
        *('{"state":"DONE","statusCode":200}', '{"state":"COMPLETED","statusCode":"200"}'),
        *('{"state":"COMPLETED","statusCode":true}', '{"state":"COMPLETED","statusCode":99999}'),
    ):
        _is(_answers(trial, given), "COMPLETED", 500, f"the answer {given}")


@host_check("HPUT-011")
def unregistered(trial: HostTrial) -> None:
    """Exported, and not registered."""
    with trial.probe(capabilities=_HELD) as probe:
        probe.run()
        reply = _put(probe)
        require(reply.status_code == 405, f"a path that nobody registered gave {reply}")
        require(not any(told[0].startswith("put ") for told in probe.told), "the handler was called")


@host_check("HPUT-012")
def its_context(trial: HostTrial) -> None:
    """Another vessel."""
    with _registered(trial) as probe:
        reply = _put(probe, context="vessels.urn:mrn:imo:mmsi:230099999")
        require(reply.status_code == 405, f"registered for the own vessel, another vessel's path gave {reply}")


@host_check("HPUT-013")
def emits(trial: HostTrial) -> None:
    """The new state."""
    with _registered(trial, kept("put", emit("probe.state", 1))) as probe:
        _put(probe)
        require(probe.values("probe.state") == [1], "what the handler emitted was not carried")


@host_check("HPUT-014")
def registers_nothing(trial: HostTrial) -> None:
    """Empty, not UTF-8, out of range."""
    with trial.probe(capabilities=_HELD) as probe:
        for arguments in (
            (text(""), text(PATH)),
            (text(SELF), text("")),
            ("x:ff", text(PATH)),
            (text(SELF), number(-1), number(4)),
        ):
            probe.start(line("sk_register_put_handler", *arguments))
            told = probe.news()
            shown = " ".join(arguments)
            trapped = probe.session.fault in {"trap", "abort"}
            require(trapped or told == [["sk_register_put_handler", "0"]], f"registering {shown} told {told}")


@host_check("HPUT-015")
def too_long(trial: HostTrial) -> None:
    """One byte too many, and many."""
    for size in (8193, 60_000):
        with _registered(trial, line("answer-size", str(size))) as probe:
            _is(_put(probe), "COMPLETED", 500, f"an answer of {size} bytes")


@host_check("HPUT-016")
def long_value(trial: HostTrial) -> None:
    """Its end is told from its beginning."""
    value = {"route": f"begin {'0123456789' * 10_000} end"}
    with _registered(trial) as probe:
        _put(probe, value)
        said = [entry for entry in probe.said if entry.startswith("put ")]
        require(said and loads(said[0].partition("\t")[2]) == value, "a value of 100 kB did not arrive whole")
