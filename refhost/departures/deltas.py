"""What the server lets onto its bus: deltas nearly as they come (D19, D53), and notifications (D13)."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, NoReturn

from refhost.delta import Admission, admit, context_of
from refhost.jsontext import NotJson

if TYPE_CHECKING:
    from refhost.delta import Delta
    from refhost.profiles import Switches

# The server's own list, in which nominal is missing.
STATES = ("normal", "alert", "warn", "alarm", "emergency")
_FUNCTION = "sk_handle_message"
# Of arrays and objects in a text: what Python can still read and write without a deep stack.
_DEEPEST = 400


def admit_there(claimed: object, switches: Switches, *, source: str, self_context: str, timestamp: str) -> Admission:
    """What the bus of a profile carries of a delta; `refhost.delta.admit` is the contract's."""
    admission = admit(claimed, source=source, self_context=self_context, timestamp=timestamp)
    if switches.has("D53"):
        delta = _as_it_came(claimed, source, self_context, timestamp)
        if delta != admission.delta and switches.departs("D53", _FUNCTION):
            admission = Admission(delta, ())
    if switches.has("D19"):
        _keep_sources(claimed, admission, switches)
    return admission


def parsed_there(text: str) -> Any:  # noqa: ANN401 - JSON
    """A delta as JavaScript parses it, and writes it again (PARSED).

    Numbers that are too large become null, half a surrogate pair U+FFFD, and it may be deeper.

    Raises:
        NotJson: it is none there either.
    """
    try:
        found = json.loads(text, parse_constant=_no_constant, parse_float=_number, parse_int=_number)
        whole = json.dumps(found, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from None
    if max(whole.count("["), whole.count("{")) > _DEEPEST:
        raise NotJson(f"it nests deeper than {_DEEPEST}")
    return json.loads(whole)


def _no_constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is not JSON")


def _number(text: str) -> float | None:
    if text.lstrip("-").isdigit() and len(text) <= 300:
        return int(text)
    value = float(text)
    return value if math.isfinite(value) else None


def _as_it_came(claimed: object, source: str, self_context: str, timestamp: str) -> Delta | None:
    """The delta with as much of it as a bus can carry at all; None where the server drops it."""
    if not isinstance(claimed, dict) or not isinstance(claimed.get("updates"), list):
        return None
    if not isinstance(claimed.get("context", ""), str):  # it raises inside the server, and ends there
        return None
    updates = [_update(update, source, timestamp) for update in claimed["updates"] if _is_carried(update)]
    return {**claimed, "context": context_of(claimed, self_context), "updates": updates} if updates else None


def _is_carried(update: object) -> bool:
    if not isinstance(update, dict) or not {"values", "meta"} & set(update):
        return False
    values = update.get("values", [])
    return isinstance(values, list) and all(isinstance(v, dict) and isinstance(v.get("path"), str) for v in values)


def _update(update: Delta, source: str, timestamp: str) -> Delta:
    carried: dict[str, Any] = {**update, "$source": source, "timestamp": update.get("timestamp") or timestamp}
    for key in ("values", "meta"):
        if key in carried:
            entries = carried[key] if isinstance(carried[key], list) else []
            # JavaScript carries an entry without a value as well; in JSON, and in this host's model, there is none.
            carried[key] = [entry for entry in entries if _is_pair(entry)]
    return carried


def _is_pair(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("path"), str) and "value" in entry


def _keep_sources(claimed: object, admission: Admission, switches: Switches) -> None:
    """Put back the `$source` that each update claimed."""
    if admission.delta is None or not isinstance(claimed, dict):
        return
    refused = {problem.update for problem in admission.problems if problem.shape}
    kept = (u for index, u in enumerate(claimed["updates"]) if index not in refused and _is_carried(u))
    for update, carried in zip(kept, admission.delta["updates"], strict=True):
        spoken_as = update.get("$source", carried["$source"])
        if isinstance(spoken_as, str) and spoken_as != carried["$source"] and switches.departs("D19", _FUNCTION):
            carried["$source"] = spoken_as


def notification_problem(value: object) -> str:
    """Why the server refuses a notification; "" when it takes it. It asks for neither path nor capability."""
    if not isinstance(value, dict) or not value.get("state"):
        return "a notification needs a state"
    return "" if value["state"] in STATES else f"state is one of {', '.join(STATES)}, not {value['state']!r}"
