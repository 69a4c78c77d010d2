"""Plugins as files: what an author has in a project when pytest is run there."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING

from honest import CAPABILITIES, DELTAS, Honest
from wat import TRAP, call, emit, imported, text

from conformance.catalogue import catalogue

if TYPE_CHECKING:
    from pathlib import Path

# Five faults that plugins in the wild have had, and the requirement that each breaks.
_PASSWORDS = call(
    "path_open",
    "(i32.const 3) (i32.const 1)",
    text("../../../etc/passwd"),
    "(i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 64)",
)
FAULTS = {
    "CAP-001": Honest(may="(i32.const 1)", capabilities={**CAPABILITIES, "dataWrite": False}),
    "VFS-001": Honest(end=_PASSWORDS),
    "DELTA-001": Honest(end=emit("speed=3.85")),
    "LIFE-001": Honest(start=TRAP),
    "LOAD-002": Honest(imports=imported("env", "sk_log_debug", "i32 i32")),
}
TRAPPING, NO_DELTA, HONEST = FAULTS["LIFE-001"], FAULTS["DELTA-001"], Honest()
# What it may not emit, it warns about: it imports the function without the capability.
WARNED = Honest(capabilities={**CAPABILITIES, "dataWrite": False})

# How many items each plugin has.
ALL = sum(len(group.requirements) for group in catalogue())

# How many deltas an honest plugin emits when it starts: those of its own, and a notification.
EMITTED_AT_START = len(DELTAS) + 1


def write_module(path: Path, plugin: Honest = HONEST) -> Path:
    """A bare .wasm file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(plugin.binary())
    return path


def manifest(plugin: Honest = HONEST, **changes: object) -> dict[str, object]:
    """Its package.json."""
    found: dict[str, object] = {
        "name": plugin.package_name,
        "version": "1.0.0",
        "description": "A plugin of the tests",
        "license": "Apache-2.0",
        "keywords": ["signalk-wasm-plugin"],
        "wasmManifest": "plugin.wasm",
        "files": ["plugin.wasm"],
    }
    if plugin.capabilities is not None:
        found["wasmCapabilities"] = dict(plugin.capabilities)
    return found | changes


def write_package(folder: Path, plugin: Honest = HONEST, **changes: object) -> Path:
    """A package's folder, with changes of its package.json."""
    write_module(folder / "plugin.wasm", plugin)
    (folder / "package.json").write_text(json.dumps(manifest(plugin, **changes)))
    return folder


def write_archive(path: Path, plugin: Honest = HONEST) -> Path:
    """What `npm pack` makes of it."""
    with tarfile.open(path, "w:gz") as archive:
        for name, data in (
            ("package.json", json.dumps(manifest(plugin)).encode()),
            ("plugin.wasm", plugin.binary()),
        ):
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path
