"""PUT: what a plugin does when a client asks it to change something (contract §13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from conformance.plugin_checks.registry import check
from conformance.replies import (
    AWKWARD_TEXTS,
    Request,
    exports_of,
    never_harms,
    parsed,
    readable,
    registered,
    registers_again,
    replies,
    unharmed_by,
    well_formed,
)
from conformance.strategies import put_values
from conformance.trial import refuse_none, require
from conformance.verdict import NotApplicable, NotJudged, Violation
from refhost.capabilities import nearest
from refhost.exports import Dialect
from refhost.jsontext import dumps
from refhost.services.put import ANSWER_BYTES, handler_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.drivers.interface import Session
    from conformance.replies import Reply
    from conformance.trial import Trial

_TYPES: Mapping[str, str] = {Dialect.BUFFER: "(i32, i32, i32, i32) -> i32", Dialect.ASSEMBLYSCRIPT: "(i32) -> i32"}
_STATES = ("COMPLETED", "PENDING")
_PREFIX = "handle_put_"
# A value that is put into a message as it came makes the answer longer than the host's buffer.
_LONG = "x" * 10_000
_OF_EACH_TYPE: tuple[Any, ...] = (None, True, 0, "", [], {})
_VALUES: tuple[Any, ...] = (
    *_OF_EACH_TYPE,
    False,
    -1.5,
    1e308,
    "on",
    [1, "a", None],
    {"latitude": 60.1, "longitude": 24.9},
    {"latitude": None, "longitude": "east"},
    *AWKWARD_TEXTS,
    _LONG,
)


def _wanted(trial: Trial) -> dict[str, str]:
    """The export that each registered path needs."""
    found = {}
    for entry in registered(trial, "PUT"):
        context, _, path = entry.partition(" ")
        found[entry] = handler_name(context, path)
    return found


def _handlers(trial: Trial) -> list[str]:
    """The handlers that are there and can be called.

    Raises:
        NotJudged: none is.
    """
    exports = exports_of(trial)
    there = [name for name in _wanted(trial).values() if exports.get(name) == _TYPES.get(trial.subject.dialect)]
    if not there:
        raise NotJudged("no handler of a registered PUT path can be called (see PUT-001 and PUT-002)")
    return there


def _replies(trial: Trial) -> Sequence[Reply]:
    handlers = _handlers(trial)

    def requests(_: Session) -> list[Request]:
        return [Request(name, dumps(value), ANSWER_BYTES) for name in handlers for value in _VALUES]

    return replies(trial, "PUT", requests)


@check("PUT-001")
def exports_its_handlers(trial: Trial) -> None:
    """Each registered path has its export."""
    exports = exports_of(trial)
    for entry, name in _wanted(trial).items():
        if name not in exports:
            near = nearest(name, [export for export in exports if export.startswith(_PREFIX)])
            meant = f"Rename the export {near} to {name}: dots become _, and case is kept." if near else ""
            raise Violation(f"it registered a PUT handler for {entry}, and exports no {name}", mend=meant)


@check("PUT-002")
def has_handlers_of_the_type(trial: Trial) -> None:
    """A handler takes the value and returns the answer as its dialect does."""
    exports = exports_of(trial)
    there = [name for name in _wanted(trial).values() if name in exports]
    if not there:
        raise NotJudged("no handler of a registered PUT path is exported (see PUT-001)")
    wanted = _TYPES.get(trial.subject.dialect, "")
    for name in there:
        require(
            exports[name] == wanted,
            f"{name} has the type {exports[name]}; in the {trial.subject.dialect} dialect it is {wanted}",
        )


@check("PUT-003")
def takes_any_value(trial: Trial) -> None:
    """No value brings it down."""
    unharmed_by(trial, _replies(trial))
    handler = st.sampled_from(_handlers(trial))
    request = st.builds(lambda name, value: Request(name, dumps(value), ANSWER_BYTES), handler, put_values())
    never_harms(trial, "PUT-003", request)


@check("PUT-004")
def answers_in_texts(trial: Trial) -> None:
    """Every answer can be read, also to a long value."""
    readable(trial, _replies(trial))


@check("PUT-005")
def answers_with_a_state(trial: Trial) -> None:
    """An object with a state."""
    for reply, answer in parsed(trial, _replies(trial)):
        if not isinstance(answer, dict):
            raise reply.violation(trial, "its answer is no JSON object")
        if answer.get("state") not in _STATES:
            raise reply.violation(trial, f"the state is {answer.get('state')!r}, not COMPLETED or PENDING")


@check("PUT-006")
def answers_with_a_status_code(trial: Trial) -> None:
    """A number that HTTP has."""
    for reply, answer in well_formed(_replies(trial)):
        if "statusCode" not in answer:
            raise reply.violation(trial, "it has no statusCode")
        code = answer["statusCode"]
        if not isinstance(code, int) or isinstance(code, bool) or not 100 <= code <= 599:
            raise reply.violation(trial, f"the statusCode is {code!r}, not a whole number from 100 to 599")


@check("PUT-007")
def says_why(trial: Trial) -> None:
    """A refusal has a message, and a message is a text."""
    for reply, answer in well_formed(_replies(trial)):
        message, code = answer.get("message"), answer.get("statusCode")
        if message is not None and not isinstance(message, str):
            raise reply.violation(trial, "the message is no text")
        if isinstance(code, int) and code >= 400 and not message:
            raise reply.violation(trial, f"the statusCode is {code}, and there is no message that says why")


@check("PUT-008")
def registers_its_handlers(trial: Trial) -> None:
    """No handler is exported for nothing."""
    there = [name for name in exports_of(trial) if name.startswith(_PREFIX)]
    if not there:
        raise NotApplicable(f"the plugin exports no {_PREFIX}…")
    entries = [entry for entry in trial.lived().registered if entry.startswith("PUT ")]
    wanted = {handler_name(*entry.removeprefix("PUT ").split(" ", 1)) for entry in entries}
    unused = [name for name in there if name not in wanted]
    trial.show_until()
    require(not unused, f"it exports {', '.join(unused)}, and registered no path for it when it started")


@check("PUT-009")
def registers_paths_again(trial: Trial) -> None:
    """A second life takes PUT requests as the first."""
    registers_again(trial, "PUT")


@check("PUT-010")
def registers_paths(trial: Trial) -> None:
    """Registrations are taken, and name a path."""
    refuse_none(trial, trial.lived().refusals("sk_register_put_handler"))
    for entry in registered(trial, "PUT"):
        context, _, path = entry.partition(" ")
        for what, text in (("context", context), ("path", path)):
            require(
                all(text.split(".")) and not any(c.isspace() or c == "*" for c in text),
                f"it registered the {what} {text!r}, which is not made of words with single dots between them",
            )


@check("PUT-011")
def registers_in_start(trial: Trial) -> None:
    """Once it runs, it takes what it will take."""
    if "sk_register_put_handler" not in trial.subject.host_functions:
        raise NotApplicable("the plugin imports no sk_register_put_handler")
    with trial.running() as session:
        at_start = set(session.registered)
        session.advance(10)
        later = [entry for entry in session.registered if entry.startswith("PUT ") and entry not in at_start]
    require(not later, f"it registered {', '.join(later)} only after start had returned")


@check("PUT-012")
def looks_at_the_value(trial: Trial) -> None:
    """Not everything is accepted."""
    answers: dict[str, dict[str, int]] = {}
    for reply, answer in well_formed(_replies(trial)):
        code = answer.get("statusCode")
        answers.setdefault(reply.request.export, {})[reply.request.text] = code if isinstance(code, int) else 0
    for name, codes in answers.items():
        asked = [codes.get(dumps(value), 0) for value in _OF_EACH_TYPE]
        listed = ", ".join(map(dumps, _OF_EACH_TYPE))
        require(
            not all(200 <= code < 300 for code in asked),
            f"{name} accepted each of {listed}: a value of every type",
        )
