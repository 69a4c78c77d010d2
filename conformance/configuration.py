"""Configurations made out of a plugin's own JSON Schema."""

from __future__ import annotations

from typing import Any


def default_configuration(schema: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """What a user gets who changes nothing: every default of the schema, nested objects included."""
    value = _default(schema)
    return value if isinstance(value, dict) else {}


def _default(schema: Any) -> Any:  # noqa: ANN401 - JSON
    if not isinstance(schema, dict):
        return None
    if "default" in schema:
        return schema["default"]
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return None
    found = {name: _default(child) for name, child in properties.items()}
    return {name: value for name, value in found.items() if value is not None}


# One value of every JSON type, to be put where the schema expects another.
_OF_EACH_TYPE: dict[str, Any] = {
    "null": None,
    "boolean": True,
    "number": -1.5e300,
    "string": "\u0000 ☠ \\ \" '",
    "array": [[], {}],
    "object": {"": {}},
}


def mistyped_configurations(schema: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    """The default configuration with one property after the other replaced by a value of each other type."""
    base = default_configuration(schema)
    properties = schema.get("properties") if isinstance(schema, dict) else None
    names = list(properties)[:20] if isinstance(properties, dict) else []
    found = []
    for name in names or ["value"]:
        described = properties.get(name) if isinstance(properties, dict) else None
        expected = described.get("type") if isinstance(described, dict) else None
        for kind, value in _OF_EACH_TYPE.items():
            if kind != expected:
                found.append({**base, name: value})
    return found
