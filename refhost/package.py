"""A plugin's package: the manifest, the binary and the capabilities (contract §6), from whatever the user has."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import wasmtime

from refhost import archive
from refhost.capabilities import Grants
from refhost.errors import PackageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

MANIFEST = "package.json"
# How far above a bare .wasm file the package.json that names it is looked for: build/release/plugin.wasm.
_LEVELS = 3
# Bounds on what is read from an archive: a package is small, and an archive can claim any size.
_ARCHIVE_BYTES = 256 * 1024 * 1024
_BINARY_BYTES = 128 * 1024 * 1024
_MOST_PUBLIC = 1000
# In a package's name: what would be a path, and what is no character.
_UNUSABLE = re.compile(r"\.\.|[\0\\\ud800-\udfff]")
_IN_ARCHIVE = PurePosixPath("package")


@dataclass(frozen=True)
class PluginPackage:
    """One plugin as it comes: immutable, and read before anything of it runs.

    Attributes:
        id: derived from the package's name (`@scope/x` → `_scope_x`); "" where there is no package, and the plugin's
            own id export decides.
        binary: the bytes of the `.wasm` file.
        origin: the path that the user gave, for messages.
        grants: what `wasmCapabilities` grants.
        manifest: the whole package.json; empty where there is none.
        manifest_path: where it was found, for messages; "" where there is none.
        public: the files of its folder `public/`, by path below it.
    """

    id: str
    binary: bytes
    origin: str
    grants: Grants
    manifest: Mapping[str, Any] = field(default_factory=dict)
    manifest_path: str = ""
    public: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The package's name, or the name of the file."""
        return str(self.manifest.get("name") or Path(self.origin).stem)

    @property
    def version(self) -> str:
        """The package's version, or ""."""
        return str(self.manifest.get("version") or "")

    @property
    def requires(self) -> tuple[str, ...]:
        """The packages that must have started before it: `signalk.requires` (contract §6)."""
        return self._signalk_names("requires")

    @property
    def recommends(self) -> tuple[str, ...]:
        """The packages that go well with it: `signalk.recommends`."""
        return self._signalk_names("recommends")

    def _signalk_names(self, key: str) -> tuple[str, ...]:
        section = self.manifest.get("signalk")
        names = section.get(key) if isinstance(section, dict) else None
        return tuple(name for name in names if isinstance(name, str)) if isinstance(names, list) else ()

    @property
    def enabled_by_default(self) -> bool:
        """Whether it starts without a saved configuration: `signalk-plugin-enabled-by-default`."""
        return self.manifest.get("signalk-plugin-enabled-by-default") is True

    @property
    def deprecated(self) -> bool:
        """Whether its author has given it up: `signalk.deprecated`, or the keyword `signalk-deprecated`."""
        section, keywords = self.manifest.get("signalk"), self.manifest.get("keywords")
        flagged = bool(section.get("deprecated")) if isinstance(section, dict) else False
        return flagged or (isinstance(keywords, list) and "signalk-deprecated" in keywords)

    def with_grants(self, grants: Grants) -> PluginPackage:
        """The same package with other capabilities."""
        return replace(self, grants=grants)


def plugin_id(package_name: str) -> str:
    """The id of a plugin with this package name: every `@` and `/` becomes `_` (contract §6)."""
    return package_name.replace("@", "_").replace("/", "_")


def from_bytes(binary: bytes, *, name: str = "", capabilities: Mapping[str, object] | None = None) -> PluginPackage:
    """A package around bytes that are at hand.

    Raises:
        ConfigurationError: a capability that is not in contract §7.
    """
    manifest = {"name": name} if name else {}
    return PluginPackage(plugin_id(name), binary, name or "<bytes>", Grants.exactly(capabilities or {}), manifest)


def read_package(path: Path) -> PluginPackage:
    """Read a `.wasm` or `.wat` file, a package's folder, its package.json, or a `.tgz` of `npm pack`.

    Raises:
        PackageError: it is not there, cannot be read, or its manifest is unusable.
    """
    try:
        return _from_path(path)
    except (OSError, ValueError, RuntimeError) as error:  # a name that no file system takes, links in a circle
        raise PackageError(f"{path} cannot be read: {error}.") from None


def _from_path(path: Path) -> PluginPackage:
    if path.is_dir():
        return _from_folder(path, origin=path)
    if not path.exists():
        raise PackageError(f"There is no file {path}.", hint="Was the plugin built? Is the path right?")
    if path.name == MANIFEST:
        return _from_folder(path.parent, origin=path)
    if path.name.endswith((".tgz", ".tar.gz")):
        return _from_archive(path)
    if path.suffix == ".wat":
        return _from_file(path, _compile_text(path))
    return _from_file(path, _read(path))


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _BINARY_BYTES:
            raise PackageError(f"{path} is larger than {_BINARY_BYTES // 2**20} MiB: no plugin is.")
        return path.read_bytes()
    except OSError as error:
        raise PackageError(f"{path} cannot be read: {error.strerror}.") from None


def _compile_text(path: Path) -> bytes:
    try:
        return bytes(wasmtime.wat2wasm(_read(path)))
    except (wasmtime.WasmtimeError, UnicodeDecodeError) as error:
        raise PackageError(f"{path} is not WebAssembly text: {' '.join(str(error).split())}") from None


def _from_file(path: Path, binary: bytes) -> PluginPackage:
    """A bare file: the package.json above it counts when its `wasmManifest` names this very file."""
    resolved = path.resolve()
    for folder in list(resolved.parents)[:_LEVELS]:
        manifest_path = folder / MANIFEST
        if manifest_path.is_file():
            manifest = _parse(_read(manifest_path), str(manifest_path), strict=False)
            named = manifest.get("wasmManifest")
            if isinstance(named, str) and _resolved(folder / named) == resolved:
                return _package(manifest, str(manifest_path), binary, str(path))
            break
    return PluginPackage("", binary, str(path), Grants.declared({}))


def _from_folder(folder: Path, origin: Path) -> PluginPackage:
    manifest_path = folder / MANIFEST
    if not manifest_path.is_file():
        found = sorted(str(p.relative_to(folder)) for p in folder.glob("**/*.wasm") if "node_modules" not in p.parts)
        there = f" It holds {', '.join(found[:5])}: name one of them." if found else ""
        raise PackageError(f"{folder} has no {MANIFEST}, so it is no plugin package.{there}")
    manifest = _parse(_read(manifest_path), str(manifest_path), strict=True)
    named = _wasm_path(manifest, str(manifest_path))
    target = _resolved(folder / named)
    if target is not None and not target.is_relative_to(folder.resolve()):
        raise _leaves(str(manifest_path), str(named))
    if target is None or not target.is_file():
        raise PackageError(
            f'{manifest_path}: wasmManifest names "{named}", which is not there.',
            hint="Build the plugin first.",
        )
    package = _package(manifest, str(manifest_path), _read(target), str(origin))
    return replace(package, public=_public_files(folder / "public"))


def _resolved(path: Path) -> Path | None:
    """Where a path leads; None for a name that no file system takes, and for links in a circle."""
    try:
        resolved = path.resolve()
        resolved.is_file()
    except (OSError, ValueError, RuntimeError):
        return None
    return resolved


def _public_files(folder: Path) -> dict[str, bytes]:
    """The files below `public/`, without following a link: it could lead anywhere."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() and not folder.is_symlink() else ():
        inside = path.relative_to(folder)
        linked = any((folder / parent).is_symlink() for parent in (inside, *inside.parents))
        if path.is_file() and not linked and len(found) < _MOST_PUBLIC:
            found[inside.as_posix()] = _read(path)
    return found


def opened_archive(path: Path) -> AbstractContextManager[archive.Archive]:
    """A `.tgz` of `npm pack`, opened to be read in memory; its files lie below `package/`.

    Raises:
        PackageError: it is none, it is damaged, or it is far too large.
    """
    return archive.opened(path, limit=_ARCHIVE_BYTES, file_limit=_BINARY_BYTES)


def _from_archive(path: Path) -> PluginPackage:
    with opened_archive(path) as opened:
        manifest_path = f"{path}!package/{MANIFEST}"
        manifest = _parse(opened.read(_IN_ARCHIVE / MANIFEST), manifest_path, strict=True)
        named = _wasm_path(manifest, manifest_path)
        package = _package(manifest, manifest_path, opened.read(_IN_ARCHIVE / named), str(path))
        public = [name for name in sorted(opened.files) if name.is_relative_to(_IN_ARCHIVE / "public")]
        inside = [name for name in public if len(name.parts) > 2 and ".." not in name.parts][:_MOST_PUBLIC]
        files = {str(name.relative_to(_IN_ARCHIVE / "public")): opened.read(name) for name in inside}
        return replace(package, public=files)


def _parse(data: bytes, where: str, *, strict: bool) -> dict[str, Any]:
    try:
        manifest = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        if not strict:
            return {}
        raise PackageError(f"{where} is not JSON: {error}.") from None
    if isinstance(manifest, dict):
        return manifest
    if not strict:
        return {}
    raise PackageError(f"{where} holds {type(manifest).__name__}, where a JSON object belongs.")


def _wasm_path(manifest: Mapping[str, Any], where: str) -> PurePosixPath:
    named = manifest.get("wasmManifest")
    if not isinstance(named, str) or not named:
        raise PackageError(
            f'{where} has no "wasmManifest", so it is not the package of a WebAssembly plugin.',
            hint='Add "wasmManifest": "plugin.wasm", the path of the binary inside the package (contract §6).',
        )
    path = PurePosixPath(named)
    if path.is_absolute() or ".." in path.parts or "\\" in named or "\0" in named:
        raise _leaves(where, named)
    return path


def _leaves(where: str, named: str) -> PackageError:
    return PackageError(
        f'{where}: wasmManifest "{named}" leaves the package.',
        hint="It is a relative path to a file inside the package (contract §6).",
    )


def _package(manifest: Mapping[str, Any], manifest_path: str, binary: bytes, origin: str) -> PluginPackage:
    name = manifest.get("name")
    if not isinstance(name, str) or not name or _UNUSABLE.search(name):
        raise PackageError(
            f'{manifest_path} has no usable "name": {name!r}.',
            hint="The plugin's id is derived from it (contract §6).",
        )
    declared = manifest.get("wasmCapabilities", {})
    if not isinstance(declared, dict):
        raise PackageError(f'{manifest_path}: "wasmCapabilities" is {declared!r}, where a JSON object belongs.')
    return PluginPackage(plugin_id(name), binary, origin, Grants.declared(declared), manifest, manifest_path)
