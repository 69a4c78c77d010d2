"""An honest plugin as its author publishes it: a folder with package.json, icon, screenshots and pages; and its copies.

mutant = Packaged(manifest={"version": "1.0"}, files={"public/index.html": None})
"""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import struct
import tempfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from honest import CAPABILITIES, NAME, Honest

from refhost.package import read_package

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refhost.package import PluginPackage


def png(width: int = 128, height: int = 128) -> bytes:
    """A grey image."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x80" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


MANIFEST: Mapping[str, object] = {
    "name": NAME,
    "version": "1.0.0",
    "description": "Tests a host, and is honest about it",
    "license": "Apache-2.0",
    "keywords": ["signalk-wasm-plugin", "signalk-category-utility"],
    "wasmManifest": "plugin.wasm",
    "wasmCapabilities": dict(CAPABILITIES),
    "files": ["plugin.wasm", "img", "public"],
    "scripts": {"prepublishOnly": "make"},
    "devDependencies": {"assemblyscript": "0.28.20"},
    "signalk-plugin-enabled-by-default": False,
}
SIGNALK: Mapping[str, object] = {
    "displayName": "WAT plugin",
    "appIcon": "./img/icon.png",
    "screenshots": ["./img/one.png"],
    "requires": ["signalk-charts-plugin"],
    "recommends": ["@signalk/freeboard-sk"],
}
FILES: Mapping[str, bytes] = {
    "README.md": b"# WAT plugin",
    "img/icon.png": png(),
    "img/one.png": png(1280, 800),
    "public/index.html": b"<!doctype html><title>WAT</title>",
    "src/plugin.wat": b"(module)",
}


@functools.cache
def _binary() -> bytes:
    return Honest().binary()


@functools.cache
def _folders() -> Path:
    folder = tempfile.mkdtemp(prefix="packaged")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@dataclass(frozen=True, kw_only=True)
class Packaged:
    """A package's folder that differs from the honest one in what is named here.

    Attributes:
        manifest: of package.json; None leaves a key out.
        signalk: of its section `signalk`; the same.
        files: by path; None leaves one out, a text is the target of a symbolic link.
        given: what the author gives: a path below the folder; "" for the folder.
    """

    manifest: Mapping[str, object] = field(default_factory=dict)
    signalk: Mapping[str, object] = field(default_factory=dict)
    files: Mapping[str, bytes | str | None] = field(default_factory=dict)
    given: str = ""

    def package(self) -> PluginPackage:
        """The package, read from a folder that lives as long as the process."""
        folder = Path(tempfile.mkdtemp(dir=_folders()))
        self.write(folder)
        return read_package(folder / self.given)

    def write(self, folder: Path) -> None:
        """Write it into a folder; `FOLDER` in a text of the manifest is replaced by the folder's path."""
        for path, data in _changed({"plugin.wasm": _binary(), **FILES}, self.files).items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(data, str):
                target.symlink_to(data)
            else:
                target.write_bytes(data)
        manifest = _changed({**MANIFEST, "signalk": _changed(SIGNALK, self.signalk)}, self.manifest)
        (folder / "package.json").write_text(json.dumps(manifest).replace("FOLDER", str(folder)))


def _changed(original: Mapping, changes: Mapping) -> dict:
    return {key: value for key, value in {**original, **changes}.items() if value is not None}
