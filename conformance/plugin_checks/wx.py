"""WX: weather providers (contract §15)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from conformance.plugin_checks.registry import check
from conformance.replies import (
    Request,
    exports_all,
    exports_of,
    never_harms,
    parsed,
    readable,
    registered,
    registers_again,
    replies,
    unharmed_by,
)
from conformance.strategies import json_values
from conformance.verdict import NotJudged
from refhost.jsontext import NotJson, dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.replies import Reply
    from conformance.trial import Trial

_OBSERVATIONS, _FORECASTS = "weather_get_observations", "weather_get_forecasts"
_HANDLERS = (_OBSERVATIONS, _FORECASTS, "weather_get_warnings")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2}))?")
_HELSINKI = {"latitude": 60.17, "longitude": 24.94}
_POSITIONS: tuple[Any, ...] = (
    {"latitude": 90, "longitude": 0},
    {"latitude": -90, "longitude": 180},
    {"latitude": 0, "longitude": 0},
    {"latitude": -0.0, "longitude": -179.999999999},
    {"latitude": 1e-9, "longitude": 1e-9},
    {"latitude": 91, "longitude": 361},
    {"latitude": None, "longitude": None},
    {"latitude": "60 N", "longitude": "25 E"},
    {},
    None,
)


def _asked(export: str, position: Any, options: Any, kind: str = "") -> Request:  # noqa: ANN401 - JSON
    return Request(export, dumps({"position": position, "options": options, **({"type": kind} if kind else {})}))


def _requests(position: Any, options: Any, exports: Sequence[str] = _HANDLERS) -> Iterator[Request]:  # noqa: ANN401
    for export in exports:
        for kind in ("daily", "point") if export == _FORECASTS else ("",):
            yield _asked(export, position, options, kind)


def _there(trial: Trial) -> list[str]:
    registered(trial, "weather")
    exports = exports_of(trial)
    there = [name for name in _HANDLERS if name in exports]
    if not there:
        raise NotJudged("the plugin exports no handler of a weather provider (see WX-001)")
    return there


def _replies(trial: Trial) -> Sequence[Reply]:
    there = _there(trial)
    return replies(
        trial, "WX", lambda _: [*_requests(_HELSINKI, {}, there), *_requests(_HELSINKI, {"maxCount": 2}, there)]
    )


def _everywhere(trial: Trial) -> Sequence[Reply]:
    there = _there(trial)
    return replies(trial, "WX everywhere", lambda _: [r for p in _POSITIONS for r in _requests(p, {}, there)])


@check("WX-001")
def exports_its_handlers(trial: Trial) -> None:
    """All three."""
    registered(trial, "weather")
    exports_all(trial, _HANDLERS, "it registered as weather provider")


@check("WX-002")
def answers_in_arrays(trial: Trial) -> None:
    """Whatever is asked for, an array."""
    for found in (_replies(trial), _everywhere(trial)):
        readable(trial, found)
        for reply, answer in parsed(trial, found):
            if not isinstance(answer, list):
                raise reply.violation(trial, "its answer is no JSON array")


@check("WX-003")
def takes_any_request(trial: Trial) -> None:
    """Nowhere it comes down."""
    unharmed_by(trial, _replies(trial))
    unharmed_by(trial, _everywhere(trial))
    degrees = st.one_of(st.floats(allow_nan=False, allow_infinity=False), json_values())
    position = st.fixed_dictionaries({}, optional={"latitude": degrees, "longitude": degrees})
    options = st.one_of(json_values(), st.fixed_dictionaries({"maxCount": st.integers()}))
    export, kind = st.sampled_from(_there(trial)), st.sampled_from(("daily", "point", "hourly", ""))
    never_harms(trial, "WX-003", st.builds(_asked, export, position, options, kind))


@check("WX-004")
def dates_what_it_tells(trial: Trial) -> None:
    """An observation or forecast says of when it is."""
    for reply in _replies(trial):
        if reply.request.export not in (_OBSERVATIONS, _FORECASTS) or reply.fault:
            continue
        try:
            answer = loads(reply.text)
        except NotJson:
            continue  # WX-002's business
        for number, entry in enumerate(answer if isinstance(answer, list) else ()):
            if not isinstance(entry, dict):
                raise reply.violation(trial, f"entry {number} of its answer is no object")
            date = entry.get("date")
            if not isinstance(date, str) or not _DATE.fullmatch(date):
                raise reply.violation(trial, f"entry {number} of its answer has the date {date!r}, not one of ISO 8601")


@check("WX-005")
def provides_weather_again(trial: Trial) -> None:
    """A second life provides what the first did."""
    registers_again(trial, "weather")
