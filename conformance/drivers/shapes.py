"""The shapes of which the messages of the driver protocol are made, as JSON Schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Shape = dict[str, Any]
"""A JSON Schema of one member; in a table of members a name that ends in `?` may be left out."""


def text(meaning: str) -> Shape:
    """A text."""
    return {"type": "string", "description": meaning}


def number(meaning: str, low: int | None = None) -> Shape:
    """A whole number, at least `low`."""
    return {"type": "integer", "description": meaning} | ({} if low is None else {"minimum": low})


def truth(meaning: str) -> Shape:
    """True or false."""
    return {"type": "boolean", "description": meaning}


def one_of(meaning: str, *words: object) -> Shape:
    """One of these words."""
    return {"enum": list(words), "description": meaning}


def list_of(meaning: str, of: Shape) -> Shape:
    """A list."""
    return {"type": "array", "items": of, "description": meaning}


def map_of(meaning: str, of: Shape) -> Shape:
    """An object whose members all have this shape."""
    return {"type": "object", "additionalProperties": of, "description": meaning}


def or_null(shape: Shape) -> Shape:
    """The same, or null."""
    return {**shape, "type": [shape["type"], "null"]}


def members(table: Mapping[str, Shape]) -> Shape:
    """The schema of an object with these members and no others."""
    return {
        "type": "object",
        "properties": {name.removesuffix("?"): shape for name, shape in table.items()},
        "required": [name for name in table if not name.endswith("?")],
        "additionalProperties": False,
    }


BASE64 = {"type": "string", "contentEncoding": "base64", "pattern": "^[A-Za-z0-9+/]*={0,2}$"}


def data(meaning: str) -> Shape:
    """Bytes, as base64."""
    return {**BASE64, "description": meaning}
