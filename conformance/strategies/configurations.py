"""Configurations out of a plugin's own JSON Schema."""

from __future__ import annotations

import contextlib
import copy
import functools
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import assume, reject
from hypothesis import strategies as st

from conformance.strategies.json_values import CHARACTERS, json_values, objects
from conformance.strategies.schemas import UsableSchema, expression
from refhost.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.strategies.schemas import Schema

    Draw = Callable[[st.SearchStrategy[Any]], Any]

# No text, list or object is made longer than it must be by more than the first; nor at all, if longer than the second.
_LONGER, _LONGEST = 20, 4096
_MORE, _MOST_ITEMS = 4, 64
_LARGEST = 2**53  # beyond it a double has no odd numbers
_FORMATS: dict[str, st.SearchStrategy[str]] = {
    "date-time": st.datetimes().map(lambda moment: f"{moment.isoformat(timespec='seconds')}Z"),
    "date": st.dates().map(str),
    "time": st.times().map(lambda time: f"{time.isoformat(timespec='seconds')}Z"),
    "email": st.sampled_from(("skipper@example.org", "a.b+c@sub.example.com")),
    "hostname": st.sampled_from(("localhost", "boat.local", "a-b.example.org")),
    "ipv4": st.ip_addresses(v=4).map(str),
    "ipv6": st.ip_addresses(v=6).map(str),
    "uri": st.sampled_from(("http://localhost:3000/", "https://example.org/a/b?c=d#e", "urn:mrn:imo:mmsi:230099999")),
}
# What a schema without a type is about, by its keywords.
_ABOUT = {
    "object": ("properties", "required", "additionalProperties", "minProperties", "maxProperties", "propertyNames"),
    "array": ("items", "minItems", "maxItems", "uniqueItems", "contains"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}
# What is settled by a choice; where two schemas have such, one waits until the other is settled.
_COMPOSED = ("anyOf", "oneOf", "if", "then", "else", "dependencies")


def configurations(schema: Any) -> st.SearchStrategy[dict[str, Any]]:  # noqa: ANN401 - JSON
    """Configurations that a plugin's schema accepts, as a user may save them with the form that is made from it.

    Each was checked with jsonschema, by draft 7. The smallest has only what is required, at its default where there is
    one. Of keys, only those are made that the schema describes.

    Args:
        schema: as parsed; `{}` or True accepts any object.

    Raises:
        ConfigurationError: no use can be made of the schema: it is none, it refers to elsewhere, it is too large.
    """
    return _configurations(UsableSchema(schema))


@st.composite
def _configurations(draw: Draw, usable: UsableSchema) -> dict[str, Any]:
    value = _value(draw, usable, _merged(usable.root, {"type": "object"}))
    assume(isinstance(value, dict) and usable.accepts(value))
    found: dict[str, Any] = value
    return found


def any_configurations(schema: Any) -> st.SearchStrategy[dict[str, Any]]:  # noqa: ANN401 - JSON
    """Objects that may be saved as a configuration, whether the schema accepts them or not; the smallest is `{}`.

    They are what the schema accepts with one value, at any depth, replaced by any other; any values under names that
    the schema knows; and any objects at all.

    Args:
        schema: as parsed; where no use can be made of it, the first kind is left out.
    """
    properties = schema.get("properties") if isinstance(schema, dict) else None
    names = list(properties)[:_MOST_ITEMS] if isinstance(properties, dict) else []
    kinds = [objects()]
    if names:
        kinds.append(st.dictionaries(st.sampled_from(names), json_values(), max_size=_MORE))
    with contextlib.suppress(ConfigurationError):
        kinds.append(_altered(configurations(schema)))
    return st.one_of(kinds)


@st.composite
def _altered(draw: Draw, accepted: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    whole: dict[str, Any] = copy.deepcopy(draw(accepted))
    at: Any = whole
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            return whole
        key = draw(st.sampled_from(keys))
        if not isinstance(at[key], (dict, list)) or draw(st.booleans()):
            at[key] = draw(json_values())
            return whole
        at = at[key]


# One value, drawn along the schema.


def _value(draw: Draw, usable: UsableSchema, schema: Schema) -> Any:  # noqa: ANN401 - JSON
    settled = _settled(draw, schema)
    if settled is True or settled == {}:
        return draw(json_values())
    if settled is False:
        reject()
    assert isinstance(settled, dict)
    if (
        "default" in settled
        and usable.accepts(settled["default"], settled)
        and draw(st.sampled_from((True, False, False)))
    ):
        return settled["default"]
    if "const" in settled:
        return settled["const"]
    if "enum" in settled:
        return draw(st.sampled_from(settled["enum"])) if settled["enum"] else reject()
    return _OF_TYPE[_type(draw, settled)](draw, usable, settled)


def _type(draw: Draw, schema: dict[str, Any]) -> str:
    types = schema.get("type")
    if isinstance(types, str):
        return types
    if types is None:
        types = [kind for kind, keywords in _ABOUT.items() if any(keyword in schema for keyword in keywords)]
        types = types or ["object"]
    if not types:
        reject()
    drawn: str = draw(st.sampled_from(types))
    return drawn


def _settled(draw: Draw, schema: Schema) -> Schema:
    """The schema with one of its alternatives chosen, and all that must hold at once put into one."""
    while isinstance(schema, dict):
        if "anyOf" in schema or "oneOf" in schema:
            keyword = "anyOf" if "anyOf" in schema else "oneOf"
            chosen = draw(st.sampled_from(range(len(schema[keyword]))))
            schema = _merged(_without(schema, keyword), schema[keyword][chosen])
        elif "if" in schema:
            schema = _branch(draw, schema)
        elif "dependencies" in schema:
            schema = _with_dependencies(draw, schema)
        elif "allOf" in schema:
            rest: Schema = _without(schema, "allOf")
            schema = functools.reduce(_merged, schema["allOf"], rest)
        else:
            break
    return schema


def _branch(draw: Draw, schema: dict[str, Any]) -> Schema:
    rest = _without(schema, "if", "then", "else")
    if draw(st.booleans()):
        return _merged(_merged(rest, schema["if"]), schema.get("then", True))
    return _merged(rest, schema.get("else", True))


def _with_dependencies(draw: Draw, schema: dict[str, Any]) -> Schema:
    found: Schema = _without(schema, "dependencies")
    for name, asks in schema["dependencies"].items():
        there = name in schema.get("required", ()) or draw(st.booleans())
        if not there:
            found = _merged(found, {"properties": {name: False}})
        else:
            found = _merged(found, {"required": [name]})
            found = _merged(found, {"required": asks} if isinstance(asks, list) else asks)
    return found


def _without(schema: dict[str, Any], *keywords: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name not in keywords}


def _merged(one: Schema, other: Schema) -> Schema:
    """What both accept, as far as that is easily said: each value is checked in the end."""
    if one is False or other is False:
        return False
    if isinstance(one, bool) or isinstance(other, bool):
        return other if isinstance(one, bool) else one
    found = dict(one)
    if any(keyword in one and keyword in other for keyword in _COMPOSED):
        both = [{keyword: other[keyword] for keyword in _COMPOSED if keyword in other}]
        found["allOf"] = [*one.get("allOf", ()), *other.get("allOf", ()), *both]
        other = _without(other, "allOf", *_COMPOSED)
    for keyword, value in other.items():
        if keyword not in found:
            found[keyword] = value
        elif keyword in _MERGE:
            found[keyword] = _MERGE[keyword](found[keyword], value)
    return found


def _properties(one: dict[str, Schema], other: dict[str, Schema]) -> dict[str, Schema]:
    return {**one, **{name: _merged(one.get(name, True), each) for name, each in other.items()}}


def _types(one: str | list[str], other: str | list[str]) -> list[str]:
    """The types that both have; whole numbers are numbers."""
    left, right = ([types] if isinstance(types, str) else types for types in (one, other))
    both = [kind for kind in left if kind in right or (kind == "integer" and "number" in right)]
    return both + [kind for kind in right if kind == "integer" and "number" in left and kind not in both]


_MERGE: dict[str, Callable[[Any, Any], Any]] = {
    "properties": _properties,
    "required": lambda one, other: list(dict.fromkeys([*one, *other])),
    "allOf": lambda one, other: [*one, *other],
    "enum": lambda one, other: [each for each in one if each in other],
    "type": _types,
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
}


# Values of each type.


def _object(draw: Draw, usable: UsableSchema, schema: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Schema] = schema.get("properties", {})
    required = schema.get("required", ())
    found: dict[str, Any] = {}
    for name, described in properties.items():
        if described is not False and (name in required or draw(st.booleans())):
            found[name] = _value(draw, usable, described)
    others = schema.get("additionalProperties", True)
    if not properties and others is True:
        found = draw(objects())
    for name in required:
        if name not in properties:
            found.setdefault(name, _value(draw, usable, others))
    least = schema.get("minProperties", 0)
    if (isinstance(others, dict) and others) or least > len(found):
        for _ in range(draw(st.integers(_small(least - len(found)), _small(least) + _MORE))):
            name = _value(draw, usable, _merged({"type": "string"}, schema.get("propertyNames", True)))
            if name not in properties:
                found[name] = _value(draw, usable, others)
    return found


def _small(number: float) -> int:
    """A number of things to make; where it is too large nothing is made at all."""
    if number > _MOST_ITEMS:
        reject()
    return max(0, math.ceil(number))


def _array(draw: Draw, usable: UsableSchema, schema: dict[str, Any]) -> list[Any]:
    items = schema.get("items", True)
    first: list[Schema] = items if isinstance(items, list) else []
    every: Schema = schema.get("additionalItems", True) if isinstance(items, list) else items
    if "contains" in schema:
        first = [*first, schema["contains"]]
    least = _small(schema.get("minItems", 0))
    most = math.floor(min(max(least, len(first), _MORE), schema.get("maxItems", math.inf)))
    if least > most:
        reject()
    size = draw(st.integers(max(least, min(len(first), most)), most))
    return [_value(draw, usable, first[at] if at < len(first) else every) for at in range(size)]


def _text(draw: Draw, _usable: UsableSchema, schema: dict[str, Any]) -> str:
    least = math.ceil(schema.get("minLength", 0))
    most = math.floor(min(schema.get("maxLength", math.inf), least + _LONGER))
    if least > min(most, _LONGEST):
        reject()
    if "pattern" in schema:
        texts = st.from_regex(expression(schema["pattern"]), alphabet=CHARACTERS)
    elif schema.get("format") in _FORMATS:
        texts = _FORMATS[schema["format"]]
    else:
        texts = st.text(CHARACTERS, min_size=least, max_size=most)
    drawn: str = draw(texts)
    return drawn


def _number(draw: Draw, _usable: UsableSchema, schema: dict[str, Any]) -> int | float:
    low = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf))
    high = min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf))
    if low > high:
        reject()
    whole = schema.get("type") in ("integer", ["integer"])
    step = schema.get("multipleOf")
    numbers: list[st.SearchStrategy[Any]] = []
    if step is not None:
        numbers.append(_within(low / step, high / step).map(lambda times: _times(step, times)))
    else:
        numbers.append(_within(low, high))
        if not whole:
            numbers.append(_floats(low, high))
    drawn: int | float = draw(st.one_of(numbers))
    return drawn


def _within(low: float, high: float) -> st.SearchStrategy[int]:
    """Whole numbers, exact in a double where there are such."""
    least, most = math.ceil(max(low, -_LARGEST)), math.floor(min(high, _LARGEST))
    if least <= most:
        return st.integers(least, most)
    return st.just(least if low > _LARGEST else most) if abs(least) > _LARGEST or abs(most) > _LARGEST else st.nothing()


def _times(step: float, times: int) -> int | float:
    """A multiple as its decimal digits say it: three times 0.1 is 0.3."""
    product = Decimal(str(step)) * times
    return int(product) if product == product.to_integral_value() else float(product)


def _floats(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers of a double, finite, within bounds that may be whole numbers of any size."""
    least, most = (None if math.isinf(bound) else float(bound) + 0.0 for bound in (low, high))  # and never -0.0
    return st.floats(least, most, allow_nan=False, allow_infinity=False)


_OF_TYPE: dict[str, Callable[[Draw, UsableSchema, dict[str, Any]], Any]] = {
    "object": _object,
    "array": _array,
    "string": _text,
    "number": _number,
    "integer": _number,
    "boolean": lambda draw, _usable, _schema: draw(st.booleans()),
    "null": lambda _draw, _usable, _schema: None,
}
