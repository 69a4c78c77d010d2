"""What a plugin's handlers reply to requests: asked once, judged by many requirements (contract §13 to §15)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.properties import counterexample
from conformance.trial import ending
from conformance.verdict import NotApplicable, NotJudged, Violation
from refhost.binary import CoreBinary
from refhost.capabilities import nearest
from refhost.exports import PROVIDER_HANDLERS
from refhost.jsontext import NotJson, loads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hypothesis.strategies import SearchStrategy

    from conformance.drivers.interface import LogRecord, Session
    from conformance.trial import Trial

# After so many crashes nothing new is learnt by asking on.
_MOST_CRASHES = 8
_LOG_KEPT = 12

AWKWARD_TEXTS = (
    'a "quoted" word',
    "back\\slash \\",
    "two\nlines\r\n",
    "\u0000\u001f",
    "Ελληνικά 海豚 🐬",
    "</script><b>",
    "../../../etc/passwd",
    "__proto__",
)


@dataclass(frozen=True)
class Request:
    """One call of a handler: the export, the text that it is asked with, and the bytes that its answer may have."""

    export: str
    text: str
    room: int = 65536


@dataclass(frozen=True)
class Reply:
    """How a handler replied.

    Attributes:
        text: as it came; "" where the call ended badly.
        fault: how it ended, as `Session.fault` says it; "" for well.
        steps, log: of the session, for the report.
    """

    request: Request
    text: str
    fault: str
    why: str
    steps: tuple[str, ...]
    log: tuple[LogRecord, ...]

    def violation(self, trial: Trial, seen: str) -> Violation:
        """What is wrong with it; the report shows how it came about."""
        trial.steps, trial.log = list(self.steps), list(self.log)
        answered = "" if self.fault else f"it answered {self.text}"
        return Violation(_of(self.request.export, seen), case=answered)


def _of(export: str, seen: str) -> str:
    """What was seen, with the export before it where it does not begin with that anyway."""
    return seen if seen.startswith(f"{export} ") else f"{export}: {seen}"


@dataclass(frozen=True)
class Conversation:
    """What came of a list of requests, and in which the host was seen to depart from the contract."""

    replies: Sequence[Reply]
    departures: tuple[str, ...]


def replies(trial: Trial, key: str, make: Callable[[Session], Iterable[Request]]) -> Sequence[Reply]:
    """What the running plugin replies to requests, asked once per subject.

    A crash ends a session: the rest is asked in the next. A plugin that hangs is asked nothing more.

    Args:
        trial: of the check that asks.
        key: what the requests are known by.
        make: the requests, made with a running plugin at hand.

    Raises:
        NotJudged: it does not start.
    """
    known = trial.subject.replies
    if key not in known:
        known[key] = Conversation(_ask(trial, make), tuple(trial.departures))
    # In whichever check they were asked, each that judges them shows how the host departed from the contract.
    trial.departures += [text for text in known[key].departures if text not in trial.departures]
    return known[key].replies


def _ask(trial: Trial, make: Callable[[Session], Iterable[Request]]) -> list[Reply]:
    found: list[Reply] = []
    todo: list[Request] | None = None
    for _ in range(_MOST_CRASHES):
        with trial.running() as session:
            todo = list(make(session)) if todo is None else todo
            before = tuple(session.steps)
            while todo and not session.fault:
                found.append(_reply(session, todo.pop(0), before))
        if not todo or found[-1].fault == "timeout":
            break
    return found


def _reply(session: Session, request: Request, before: tuple[str, ...]) -> Reply:
    text = session.ask(request.export, request.text, request.room)
    why = session.why() if session.fault else ""
    steps = (*before, session.steps[-1])
    return Reply(request, text, session.fault, why, steps, tuple(session.log[-_LOG_KEPT:]))


def unharmed_by(trial: Trial, found: Sequence[Reply]) -> None:
    """Make sure that no reply was a crash; one that merely cannot be read is judged elsewhere.

    Raises:
        Violation: one was.
    """
    for reply in found:
        if reply.fault not in ("", "return"):
            raise reply.violation(trial, ending(reply.fault, reply.why))


def readable(trial: Trial, found: Sequence[Reply]) -> None:
    """Make sure that every reply can be read: a text in the encoding of its dialect, not longer than it may be.

    Raises:
        Violation: one cannot.
        NotJudged: every call ended badly before.
    """
    for reply in found:
        if reply.fault == "return":
            raise reply.violation(trial, reply.why)
    answered(found)


def answered(found: Sequence[Reply]) -> list[Reply]:
    """Those that can be read.

    Raises:
        NotJudged: there is none.
    """
    good = [reply for reply in found if not reply.fault]
    if found and not good:
        raise NotJudged(f"no call of {found[0].request.export} ended well: {found[0].why}")
    return good


def parsed(trial: Trial, found: Sequence[Reply]) -> list[tuple[Reply, Any]]:
    """Those that can be read, with the JSON that they are.

    Raises:
        Violation: one is no JSON.
        NotJudged: none can be read.
    """
    return [(reply, json_of(trial, reply)) for reply in answered(found)]


def json_of(trial: Trial, reply: Reply) -> Any:  # noqa: ANN401 - JSON
    """The JSON that it is.

    Raises:
        Violation: it is none.
    """
    try:
        return loads(reply.text)
    except NotJson as error:
        raise reply.violation(trial, f"its answer is not JSON: {error}") from None


def well_formed(found: Sequence[Reply]) -> list[tuple[Reply, Any]]:
    """Those that are JSON objects; what is not is judged elsewhere."""
    objects = []
    for reply in answered(found):
        try:
            value = loads(reply.text)
        except NotJson:
            continue
        if isinstance(value, dict):
            objects.append((reply, value))
    if not objects:
        raise NotJudged(f"no answer of {found[0].request.export} is a JSON object")
    return objects


def never_harms(trial: Trial, requirement: str, requests: SearchStrategy[Request]) -> None:
    """Make sure that no request of a strategy brings the plugin down; what is reported is the smallest that does.

    Raises:
        Violation: one does.
    """
    trial.lived()

    def ask(request: Request) -> None:
        with trial.running() as session:
            session.ask(request.export, request.text, request.room)
            fault = session.fault
            if fault not in ("", "return"):
                raise Violation(_of(request.export, ending(fault, session.why())), hung=fault == "timeout")

    found = counterexample(trial, requirement, requests, ask)
    if found:
        raise found.violation


def exports_of(trial: Trial) -> dict[str, str]:
    """Each export of a core module with its type."""
    binary = trial.subject.binary
    return dict(binary.exports) if isinstance(binary, CoreBinary) else {}


def registered(trial: Trial, kind: str) -> list[str]:
    """What it registered of a kind (`PUT`, `resource`, `weather`, `radar`) by the end of its start.

    Raises:
        NotApplicable: nothing.
    """
    names = [entry.partition(" ")[2] for entry in trial.lived().registered if entry.partition(" ")[0] == kind]
    trial.show_until()
    if not names:
        what = "PUT handler" if kind == "PUT" else f"{kind} provider"
        raise NotApplicable(f"the plugin registers no {what} when it is started with its default configuration")
    return names


def exports_all(trial: Trial, wanted: Iterable[str], why: str) -> None:
    """Make sure that handlers are exported.

    Raises:
        Violation: one is not.
    """
    exports, wanted = exports_of(trial), tuple(wanted)
    known = {*wanted, *PROVIDER_HANDLERS}
    for name in wanted:
        if name not in exports:
            near = nearest(name, [export for export in exports if export not in known])
            mend = f"Rename the export {near} to {name}." if near else ""
            raise Violation(f"{why}, and exports no {name}", mend=mend)


def registers_again(trial: Trial, kind: str) -> None:
    """Make sure that what it registered in its first life it registers in its second.

    Raises:
        Violation: it does not.
    """
    first = registered(trial, kind)
    trial.survived()
    with trial.running() as session:
        session.stop()
        if session.start(trial.subject.config) != "running":
            raise NotJudged(f"the plugin did not start a second time: {session.why()}")
        again = {entry.partition(" ")[2] for entry in session.registered if entry.partition(" ")[0] == kind}
    lost = [name for name in first if name not in again]
    if lost:
        raise Violation(f"stopped and started again, it did not register {kind} {lost[0]} any more")
