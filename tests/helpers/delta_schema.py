"""delta.json of the Signal K specification, as npm has it."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import jsonschema
from referencing import Registry
from referencing.jsonschema import DRAFT4

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PACKAGE = "@signalk/signalk-schema@1.8.2"
BASE = "https://signalk.org/specification/1.5.1/schemas/"


def installed(folder: Path) -> Callable[[Any], bool]:
    """Installs the schema in a folder, and says whether delta.json accepts a delta."""
    command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    schemas = folder / "node_modules" / "@signalk" / "signalk-schema" / "schemas"
    registry = Registry()
    for path in sorted(schemas.rglob("*.json")):
        contents = json.loads(path.read_text("utf-8"))
        # Files name themselves `…/x.json#`, and references say `./x.json#/…`: known by where they lie.
        contents.pop("id", None)
        uri = BASE + path.relative_to(schemas).as_posix()
        registry = registry.with_resource(uri, DRAFT4.create_resource(contents))
    return jsonschema.Draft4Validator({"$ref": BASE + "delta.json"}, registry=registry).is_valid
