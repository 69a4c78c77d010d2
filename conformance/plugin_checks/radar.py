"""RADAR: radar providers (contract §15, §16)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from conformance.plugin_checks.registry import check
from conformance.replies import (
    AWKWARD_TEXTS,
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
from conformance.trial import require
from conformance.verdict import NotApplicable, NotJudged
from refhost.jsontext import NotJson, dumps, loads
from refhost.services.providers import RADAR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.drivers.interface import Session
    from conformance.replies import Reply
    from conformance.trial import Trial

_RADARS, _INFO = "radar_get_radars", "radar_get_radar_info"
_ID = re.compile(r"[A-Za-z0-9_-]+")
_UNKNOWN = "no-such-radar"
_MOST_RADARS = 2
# What a request holds besides the id, by what the handler's name ends with.
_MORE: dict[str, dict[str, Any]] = {
    "set_power": {"state": "standby"},
    "set_range": {"range": 3704},
    "set_gain": {"gain": {"auto": True, "value": 50}},
    "set_sea": {"sea": {"auto": False, "value": 20}},
    "set_rain": {"rain": {"auto": False, "value": 0}},
    "set_controls": {"controls": {"gain": {"auto": True}}},
    "get_control": {"controlId": "gain"},
    "set_control": {"controlId": "gain", "value": {"mode": "auto"}},
    "acquire_target": {"bearing": 0.5, "distance": 926},
    "cancel_target": {"targetId": 1},
    "set_arpa_settings": {"settings": {"enabled": True}},
}


def _handlers(trial: Trial) -> list[str]:
    """The handlers, but for the list of radars, that it exports."""
    registered(trial, "radar")
    exports = exports_of(trial)
    there = [f"radar_{name}" for name in RADAR if f"radar_{name}" in exports]
    if not there:
        raise NotJudged("the plugin exports no handler of a radar (see RADAR-001)")
    return there


def _asked(export: str, radar: Any, **more: Any) -> Request:  # noqa: ANN401 - JSON
    return Request(export, dumps({"radarId": radar, **more}))


def _listing(trial: Trial) -> Sequence[Reply]:
    registered(trial, "radar")
    if _RADARS not in exports_of(trial):
        raise NotJudged(f"the plugin exports no {_RADARS} (see RADAR-001)")
    return replies(trial, "RADAR list", lambda _: [Request(_RADARS, "{}")])


def _ids(text: str) -> list[str]:
    try:
        found = loads(text)
    except NotJson:
        return []
    return [radar for radar in found if isinstance(radar, str)] if isinstance(found, list) else []


def _replies(trial: Trial) -> Sequence[Reply]:
    handlers = _handlers(trial)
    known = [radar for reply in _listing(trial) for radar in _ids(reply.text)][:_MOST_RADARS]

    def requests(_: Session) -> Iterator[Request]:
        for export in handlers:
            more = _MORE.get(export.removeprefix("radar_"), {})
            for radar in (*known, _UNKNOWN):
                yield _asked(export, radar, **more)

    return replies(trial, "RADAR", requests)


def _hostile(trial: Trial) -> Sequence[Reply]:
    handlers = _handlers(trial)

    def requests(_: Session) -> Iterator[Request]:
        for export in handlers:
            for radar in (*AWKWARD_TEXTS, "", "x" * 5000, None, 5):
                yield _asked(export, radar)

    return replies(trial, "RADAR hostile", requests)


@check("RADAR-001")
def exports_its_handlers(trial: Trial) -> None:
    """The list of radars, and what there is to say of one."""
    registered(trial, "radar")
    exports_all(trial, (_RADARS, _INFO), "it registered as radar provider")


@check("RADAR-002")
def lists_ids(trial: Trial) -> None:
    """An array of ids that can be names of streams."""
    found = _listing(trial)
    readable(trial, found)
    for reply, answer in parsed(trial, found):
        if not isinstance(answer, list):
            raise reply.violation(trial, "its answer is no JSON array")
        for radar in answer:
            if not isinstance(radar, str) or not _ID.fullmatch(radar):
                raise reply.violation(trial, f"{radar!r} is no id of a radar: it has letters, digits, _ and -")
        if len(set(answer)) != len(answer):
            raise reply.violation(trial, "an id is in it twice")


@check("RADAR-003")
def answers_in_json(trial: Trial) -> None:
    """Objects of what is asked for, and of what was set whether it was."""
    found = _replies(trial)
    readable(trial, found)
    for reply, answer in parsed(trial, found):
        unknown = f'"{_UNKNOWN}"' in reply.request.text
        if reply.request.export.startswith("radar_get_"):
            if not isinstance(answer, dict) and not (unknown and answer is None):
                raise reply.violation(trial, "its answer is no JSON object")
        elif not isinstance(answer, (bool, dict)):
            raise reply.violation(trial, "its answer is not true, false or an object")


@check("RADAR-004")
def takes_any_request(trial: Trial) -> None:
    """No request brings it down."""
    unharmed_by(trial, _listing(trial))
    unharmed_by(trial, _replies(trial))
    unharmed_by(trial, _hostile(trial))
    known = [radar for reply in _listing(trial) for radar in _ids(reply.text)]
    radar = st.sampled_from([*known, _UNKNOWN])
    keys = (
        "state",
        "range",
        "gain",
        "sea",
        "rain",
        "controls",
        "controlId",
        "value",
        "bearing",
        "targetId",
        "settings",
    )
    more = st.dictionaries(st.sampled_from(keys), json_values(), max_size=4)
    never_harms(
        trial, "RADAR-004", st.builds(lambda e, r, m: _asked(e, r, **m), st.sampled_from(_handlers(trial)), radar, more)
    )


@check("RADAR-005")
def lists_what_it_streams(trial: Trial) -> None:
    """Spokes come of radars that are listed."""
    registered(trial, "radar")
    with trial.running() as session:
        session.advance(10)
        streams = {data.stream.removeprefix("radars/") for data in session.streams if data.stream.startswith("radars/")}
        if not streams:
            raise NotApplicable("the plugin emits no spokes in ten seconds of an ordinary run")
        if session.fault:
            raise NotJudged(f"the plugin did not survive: {session.why()}")
        listed = _ids(session.ask(_RADARS, "{}")) if _RADARS in exports_of(trial) else []
    unlisted = sorted(streams - set(listed))
    require(
        not unlisted, f"it emits spokes of the radar {', '.join(unlisted)}, and lists {', '.join(listed) or 'none'}"
    )


@check("RADAR-006")
def provides_radars_again(trial: Trial) -> None:
    """A second life provides what the first did."""
    registers_again(trial, "radar")
