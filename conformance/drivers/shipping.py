"""A package on its way to a host that runs elsewhere: written into a folder, as it would be installed."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from refhost.errors import ConfigurationError
from refhost.jsontext import dumps
from refhost.package import MANIFEST

if TYPE_CHECKING:
    from pathlib import Path

    from refhost.package import PluginPackage

_BINARY = "plugin.wasm"


def lay_out(package: PluginPackage, folder: Path) -> Path:
    """Write a package into a folder; where its binary lies.

    A `wasmManifest` that names no place inside stays in package.json as it is; the binary is `plugin.wasm` then.

    Raises:
        ConfigurationError: a file of `public/` would lie outside of it.
    """
    named = package.manifest.get("wasmManifest")
    wasm = _inside(folder, named if isinstance(named, str) else _BINARY) or folder / _BINARY
    files = {wasm: package.binary}
    for path, data in package.public.items():
        place = _inside(folder, f"public/{path}")
        if place is None:
            raise ConfigurationError(f"{path!r} is no path below public/.")
        files[place] = data
    if package.manifest:
        files[folder / MANIFEST] = dumps(dict(package.manifest)).encode()
    for place, data in files.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return wasm


def _inside(folder: Path, path: str) -> Path | None:
    """A path below a folder; None where it would lead elsewhere, or to package.json."""
    parts = PurePosixPath(path).parts
    usable = parts and parts != (MANIFEST,) and not any(part in ("..", "/") or "\0" in part for part in parts)
    return folder.joinpath(*parts) if usable else None
