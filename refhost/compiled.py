"""Compiled WebAssembly, kept on disk from run to run.

To load what was compiled is to run machine code: whoever may write these files may do what this user may. So only files
are read that this user owns and nobody else may write, in a folder of which the same is true, and never through a link.
A file is known by its binary, by the version of wasmtime and by the configuration of the engine; its own checksum tells
one that was cut short.

The folder is `signalk-wasm/compiled` in the user's cache (`XDG_CACHE_HOME`), or what SIGNALK_WASM_CACHE names; with
SIGNALK_WASM_CACHE=off nothing is kept.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

VARIABLE = "SIGNALK_WASM_CACHE"
# Of more files, or bytes, those that were used longest ago go.
MOST_FILES = 500
MOST_BYTES = 512 * 1024 * 1024
# To look through the folder takes longer than to compile a small plugin: it is done once for so many that are kept.
_SELDOM = 20
_SUFFIX = ".compiled"
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


def folder() -> Path | None:
    """Where compiled code is kept; None for nowhere: it is switched off, or this system has no owners of files."""
    named = os.environ.get(VARIABLE, "")
    if named == "off" or not hasattr(os, "geteuid"):
        return None
    if named:
        return Path(named).expanduser().absolute()
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(caches).expanduser().absolute() / "signalk-wasm" / "compiled"


class CompiledFiles:
    """The files of one folder.

    Whatever is wrong with a file or with the folder is as if nothing was there: then it is compiled.

    Args:
        place: the folder; it is made when something is kept.
        configuration: of the engine, in words.
    """

    def __init__(self, place: Path, configuration: str) -> None:
        self._place = place
        self._kept = 0
        self._engine = f"wasmtime {version('wasmtime')}; {configuration}"

    def path(self, kind: str, binary: bytes) -> Path:
        """The file of a binary that is a `module` or a `component`."""
        made = hashlib.sha256(f"{kind}; {self._engine}\n".encode() + binary)
        return self._place / f"{made.hexdigest()}{_SUFFIX}"

    def read(self, kind: str, binary: bytes) -> bytes | None:
        """What was kept for a binary; None where nothing is that may be trusted."""
        try:
            opened = os.open(self._place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            return _trusted(opened, self.path(kind, binary).name) if _own(os.fstat(opened)) else None
        except OSError:
            return None
        finally:
            os.close(opened)

    def keep(self, kind: str, binary: bytes, code: bytes) -> None:
        """Keep what a binary was compiled to: the whole file or none."""
        with suppress(OSError):
            self._place.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _own(self._place.lstat()):
                return
            path = self.path(kind, binary)
            written = path.with_name(f".{secrets.token_hex(8)}")
            opened = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                with os.fdopen(opened, "wb") as file:
                    file.write(hashlib.sha256(code).digest() + code)
                written.replace(path)
            except BaseException:
                written.unlink()
                raise
            if self._kept % _SELDOM == 0:
                self._forget()
            self._kept += 1

    def _forget(self) -> None:
        """Let the files go that were used longest ago, when there are too many."""
        files: list[tuple[float, int, Path]] = []
        for path in self._place.iterdir():
            with suppress(FileNotFoundError):  # another process has let it go
                found = path.lstat()
                files.append((found.st_mtime, found.st_size, path))
        files.sort(reverse=True)
        size = 0
        for number, (_, taken, path) in enumerate(files):
            size += taken
            if number >= MOST_FILES or size > MOST_BYTES:
                with suppress(OSError):
                    path.unlink()


def _trusted(folder_opened: int, name: str) -> bytes | None:
    opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=folder_opened)
    with os.fdopen(opened, "rb") as file:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode) or not _own(found):
            return None
        content = file.read()
        os.utime(opened)  # it was used
    code = content[32:]
    return code if hashlib.sha256(code).digest() == content[:32] else None


def _own(found: os.stat_result) -> bool:
    """Whether it is this user's, and only this user may write it."""
    return not stat.S_ISLNK(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & _OTHERS_MAY_WRITE


def described(settings: Iterable[tuple[str, object]]) -> str:
    """The configuration of an engine in words."""
    return "; ".join(f"{name}={value}" for name, value in settings)
