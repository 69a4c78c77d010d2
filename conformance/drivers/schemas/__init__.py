"""The messages of the driver protocol as JSON Schemas: made from its table, and checked against in both directions.

`python -m conformance.drivers.schemas` writes the files beside this module; a test compares them with the table.
"""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from conformance.drivers.protocol import CODES, EVENTS, METHODS, VERSION
from conformance.drivers.shapes import members

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.drivers.shapes import Shape

_ID = {"type": "integer", "minimum": 1, "description": "of the request; the reply has the same"}
_ERROR: Mapping[str, Shape] = {
    "code": {"enum": list(CODES), "description": "; ".join(f"{code}: {meaning}" for code, meaning in CODES.items())},
    "message": {"type": "string", "description": "a sentence for a person"},
    "hint?": {"type": "string", "description": "what to do about it"},
    "function?": {"type": "string", "description": "the export that was called, for trap, timeout and denied"},
    "fault?": {
        "enum": ["trap", "abort", "exit", "timeout", "return", "denied"],
        "description": "how that call ended, where more is known than the code says",
    },
}
FAILED = "error"
"""The name of the schema of a reply that says that the request failed."""


def tables() -> Mapping[str, Mapping[str, Shape]]:
    """For `requests`, `replies` and `events` the schema of each message by its name."""
    replies = {name: members({"id": _ID, "result": members(method.result)}) for name, method in METHODS.items()}
    failed = {"id": {**_ID, "type": ["integer", "null"]}, "error": members(_ERROR)}
    return {
        "requests": {
            name: members({"id": _ID, "method": {"const": name}, "params": members(method.params)})
            | {"description": method.meaning}
            for name, method in METHODS.items()
        },
        "replies": {**replies, FAILED: members(failed)},
        "events": {
            name: members({"event": {"const": name}, **event.members}) | {"description": event.meaning}
            for name, event in EVENTS.items()
        },
    }


def document(kind: str) -> dict[str, Any]:
    """One file: any message of a kind, each by name among its `$defs`."""
    shapes = tables()[kind]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Driver protocol of pytest-signalk-wasm, version {VERSION}: {kind}",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in shapes],
        "$defs": dict(shapes),
    }


def text(kind: str) -> str:
    """The same as it stands in the file."""
    return json.dumps(document(kind), indent=1, ensure_ascii=False) + "\n"


@functools.cache
def _validator(kind: str, name: str) -> Draft202012Validator:
    stored = json.loads((resources.files("conformance.drivers.schemas") / f"{kind}.schema.json").read_text("utf-8"))
    return Draft202012Validator(stored["$defs"][name])


def problem(kind: str, name: str, message: object) -> str:
    """What is wrong with a message, in a few words; "" when nothing is.

    Args:
        kind: `requests`, `replies` or `events`.
        name: of the method or event; of a reply that says that something failed, `FAILED`.
        message: the whole message.
    """
    error = next(_validator(kind, name).iter_errors(message), None)
    if error is None:
        return ""
    where = error.json_path.removeprefix("$").removeprefix(".")
    return f"{where}: {error.message}" if where else error.message
