"""Metadata of a path, by the definition `meta` of the Signal K specification 1.8 (contract §10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ALARM_STATES = ("nominal", "normal", "alert", "warn", "alarm", "emergency")
ALARM_METHODS = ("visual", "sound")

_STRINGS = ("displayName", "longName", "shortName", "description", "gaugeType", "units")
_METHODS = ("alertMethod", "warnMethod", "alarmMethod", "emergencyMethod")


def meta_problems(value: object) -> Iterator[tuple[str, str]]:
    """What is wrong with the value of a meta entry: the place below it (`.zones[0].state`), and what is expected."""
    if not isinstance(value, dict):
        yield "", "is an object with at least a description"
        return
    if "description" not in value:
        yield ".description", "is missing"
    yield from _simple_problems(value)
    for key in _METHODS:
        if key in value:
            yield from _method_problems(f".{key}", value[key])
    for key, check in (
        ("properties", _properties_problems),
        ("displayScale", _scale_problems),
        ("zones", _zones_problems),
    ):
        if key in value:
            yield from check(value[key])


def _simple_problems(value: dict[str, object]) -> Iterator[tuple[str, str]]:
    for key in _STRINGS:
        if key in value and not isinstance(value[key], str):
            yield f".{key}", "is a string"
    if "timeout" in value and not _is_number(value["timeout"]):
        yield ".timeout", "is a number of seconds"
    if "enum" in value and not isinstance(value["enum"], list):
        yield ".enum", "is an array"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _method_problems(place: str, methods: object) -> Iterator[tuple[str, str]]:
    if not isinstance(methods, list):
        yield place, "is an array"
    else:
        for index, method in enumerate(methods):
            if method not in ALARM_METHODS:
                yield f"{place}[{index}]", "is visual or sound"


def _properties_problems(properties: object) -> Iterator[tuple[str, str]]:
    if not isinstance(properties, dict):
        yield ".properties", "is an object"
        return
    for name, described in properties.items():
        place = f".properties.{name}"
        if not isinstance(described, dict):
            yield place, "is an object"
            continue
        for key in ("type", "title", "description", "units"):
            if key in described and not isinstance(described[key], str):
                yield f"{place}.{key}", "is a string"
        example = described.get("example", "")
        if example is None or isinstance(example, list):
            yield f"{place}.example", "is a string, number, boolean or object"


def _scale_problems(scale: object) -> Iterator[tuple[str, str]]:
    if not isinstance(scale, dict):
        yield ".displayScale", "is an object"
        return
    for key in ("lower", "upper"):
        if not _is_number(scale.get(key)):
            yield f".displayScale.{key}", "is a number, and must be there"
    kind = scale.get("type")
    allowed = {"lower", "upper"}
    if "type" in scale:
        allowed.add("type")
        if kind not in ("linear", "logarithmic", "squareroot", "power"):
            yield ".displayScale.type", "is linear, logarithmic, squareroot or power"
    if kind == "power":
        allowed.add("power")
        if not _is_number(scale.get("power")):
            yield ".displayScale.power", "is a number, and must be there for a scale of type power"
    for key in scale:
        if key not in allowed:
            yield f".displayScale.{key}", "does not belong to a scale of this type"


def _zones_problems(zones: object) -> Iterator[tuple[str, str]]:
    if not isinstance(zones, list):
        yield ".zones", "is an array"
        return
    for index, zone in enumerate(zones):
        place = f".zones[{index}]"
        if not isinstance(zone, dict):
            yield place, "is an object"
            continue
        if zone.get("state") not in ALARM_STATES:
            yield f"{place}.state", f"is one of {', '.join(ALARM_STATES)}"
        for key in ("lower", "upper"):
            if key in zone and not _is_number(zone[key]):
                yield f"{place}.{key}", "is a number"
        if "message" in zone and not isinstance(zone["message"], str):
            yield f"{place}.message", "is a string"
