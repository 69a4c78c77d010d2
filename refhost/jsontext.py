"""JSON as the standard has it: Python's own parser also takes `NaN`, infinite numbers and lone surrogates."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

import orjson

# Deeper nesting than any Signal K message has, and shallow enough for every recursive reader.
MAX_DEPTH = 200


class NotJson(ValueError):  # noqa: N818 - reads as what the text is
    """The text is not JSON; the message says where and why."""


def _refuse(name: str) -> NoReturn:
    raise NotJson(f"{name} is not JSON")


def _number(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise NotJson(f"the number {text[:40]} is out of range")
    return value


def _integer(text: str) -> int | float:
    # Python refuses to read integers of thousands of digits; JSON sees only a number that is out of range.
    return int(text) if len(text) <= 300 else int(_number(text))


_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_number, parse_int=_integer)


# What Python has and JSON has not is not to be written by orjson on its own account. For NaN it writes null.
PLAIN = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
# A whole number of so many digits may be more than orjson reads exactly.
_LONG = b"0" * 19
_DIGITS = bytes.maketrans(b"123456789", b"000000000")


def loads(text: str) -> Any:  # noqa: ANN401 - JSON is of any type
    """Read one JSON value.

    Raises:
        NotJson: the text is anything else, or nests deeper than `MAX_DEPTH`.
    """
    try:
        data = text.encode()
        if _LONG not in data.translate(_DIGITS):
            value = orjson.loads(data)
            if text.count("[") + text.count("{") <= MAX_DEPTH or _depth(value) <= MAX_DEPTH:
                return value
    except ValueError:
        pass  # Python's own parser says what is wrong, or takes what orjson does not, such as a byte order mark
    try:
        value = _DECODER.decode(text.removeprefix("\ufeff"))
    except NotJson:
        raise
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise NotJson(f"it nests deeper than {MAX_DEPTH}") from None
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise NotJson(f"it nests deeper than {MAX_DEPTH}")
    if "\\u" in text:
        _refuse_surrogates(value)
    return value


def _depth(value: object) -> int:
    """How many arrays and objects lie within each other, without recursion."""
    deepest, todo = 0, [(value, 1)]
    while todo:
        node, depth = todo.pop()
        if isinstance(node, (dict, list)):
            deepest = max(deepest, depth)
            children = node.values() if isinstance(node, dict) else node
            todo.extend((child, depth + 1) for child in children)
    return deepest


def _refuse_surrogates(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise NotJson("it holds half of a surrogate pair, which is no character") from None


def dumps(value: object) -> str:
    """Write JSON on one line without spaces, characters as themselves.

    Raises:
        ValueError: it holds a number that JSON has not.
        TypeError: it holds what JSON has not.
    """
    try:
        text = orjson.dumps(value, option=PLAIN).decode()
    except TypeError:
        return _ENCODER.encode(value)
    return _ENCODER.encode(value) if "null" in text else text


def read_back(line: bytes) -> Any:  # noqa: ANN401 - JSON is of any type
    """What `dumps` has written, however deep."""
    try:
        if _LONG not in line.translate(_DIGITS):
            return orjson.loads(line)
    except ValueError:
        pass
    return json.loads(line)
