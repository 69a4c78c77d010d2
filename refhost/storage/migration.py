"""Taking over the files of a plugin that was written for Node.js (contract §8)."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from refhost.errors import ConfigurationError
from refhost.wasi.vfs.resolution import MAX_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from refhost.wasi.vfs import Vfs


@dataclass
class Migration:
    """What came of it.

    Attributes:
        copied: names of files that are in `data/` now, with their sizes in bytes.
        skipped: names that were not copied, with the reason.
    """

    copied: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


def migrate(legacy: Path | Mapping[str, bytes], names: Iterable[str], vfs: Vfs) -> Migration:
    """Copy named files of a Node.js plugin's directory into `data/`; the originals stay.

    Missing ones are skipped, as is what is no file, what is behind a link, and what the plugin has in `data/`
    already: a second migration takes nothing back.

    Args:
        legacy: the old plugin's directory, or its files by name.
        names: names in it, such as `state.json` or `tracks/2024.gpx`.
        vfs: the plugin's files.

    Raises:
        ConfigurationError: a name leaves the directory; nothing was copied.
        OSError: the machine failed to read or write.
    """
    wanted = {name: _parts(name) for name in names}
    done = Migration()
    for name, parts in wanted.items():
        target = "/".join(["/data", *parts])
        try:
            if vfs.exists(target):
                done.skipped[name] = "is in data/ already"
                continue
            data = _from_mapping(legacy, parts) if isinstance(legacy, Mapping) else _from_directory(legacy, parts)
            vfs.write(target, data)
        except OSError as error:
            done.skipped[name] = _reason(error)
        else:
            done.copied[name] = len(data)
    return done


_REASONS = {
    errno.ENOENT: "is missing",
    errno.ELOOP: "is a link, or behind one",
    errno.ENOTDIR: "is behind something that is no directory",
    errno.EISDIR: "is a directory",
    errno.EINVAL: "is no regular file",
}


def _reason(error: OSError) -> str:
    """Why a file is skipped; what is the machine's fault is raised."""
    reason = _REASONS.get(error.errno or 0)
    if reason is None:
        raise error
    return reason


def _parts(name: str) -> tuple[str, ...]:
    """The components of a name, none of which leaves the directory."""
    parts = name.split("/")
    if any(part in {"", ".", ".."} or "\0" in part or len(os.fsencode(part)) > MAX_NAME for part in parts):
        raise ConfigurationError(
            f"{name!r} is no name of a file in the old plugin's directory.",
            hint="Name files relative to it, such as state.json or tracks/2024.gpx; .. and absolute paths are refused.",
        )
    return tuple(parts)


def _from_mapping(legacy: Mapping[str, bytes], parts: tuple[str, ...]) -> bytes:
    data = legacy.get("/".join(parts))
    if data is None:
        raise FileNotFoundError(errno.ENOENT, "missing")
    return data


def _from_directory(legacy: Path, parts: tuple[str, ...]) -> bytes:
    """The contents of a file, reached one component at a time and without following a link."""
    unfollowed = os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
    folder = os.open(legacy, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_DIRECTORY", 0))
    try:
        for part in parts[:-1]:
            above = folder
            _check_no_link(part, above)
            folder = os.open(part, os.O_RDONLY | unfollowed | getattr(os, "O_DIRECTORY", 0), dir_fd=above)
            os.close(above)
        _check_no_link(parts[-1], folder)
        descriptor = os.open(parts[-1], os.O_RDONLY | unfollowed | getattr(os, "O_NONBLOCK", 0), dir_fd=folder)
    finally:
        os.close(folder)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - no path
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL, parts[-1])
        return file.read()


def _check_no_link(name: str, folder: int) -> None:
    """Tell a link from what is no directory: opening either fails alike. Opening itself follows none anyway."""
    if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        raise OSError(errno.ELOOP, name)
