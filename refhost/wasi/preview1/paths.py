"""The functions that start with `path_`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.dialects.memory import U32
from refhost.wasi.preview1.descriptors import OpenDirectory, OpenFile
from refhost.wasi.preview1.errno import Errno, WasiError
from refhost.wasi.preview1.files import new_times
from refhost.wasi.preview1.layout import (
    ALL_FDFLAGS,
    ALL_OFLAGS,
    ALL_RIGHTS,
    SYMLINK_FOLLOW,
    SYNC_FLAGS,
    U64,
    Oflags,
    Rights,
    filestat,
)
from refhost.wasi.vfs import File
from refhost.wasi.vfs.directory import OpenHow

if TYPE_CHECKING:
    from refhost.clock import Clock
    from refhost.wasi.preview1.descriptors import Guest
    from refhost.wasi.vfs import Directory


class PathFunctions:
    """Functions on paths. Each takes what the guest passed, and raises where it has to fail."""

    def __init__(self, guest: Guest, clock: Clock) -> None:
        self._guest = guest
        self._clock = clock
        self._fds = guest.descriptors

    def _directory(self, fd: int) -> Directory:
        return self._fds.directory(fd).directory

    def path_create_directory(self, fd: int, path: int, length: int) -> None:
        """Create a directory."""
        directory = self._directory(fd)
        directory.make_directory(self._guest.text(path, length))

    def path_filestat_get(self, fd: int, flags: int, path: int, length: int, result: int) -> None:
        """Tell size, times and so on of what is at a path."""
        follow = _follow(flags)
        directory = self._directory(fd)
        stat = directory.stat_at(self._guest.text(path, length), follow=follow)
        self._guest.write(result, filestat(stat))

    def path_filestat_set_times(
        self, fd: int, flags: int, path: int, length: int, atime: int, mtime: int, which: int
    ) -> None:
        """Set the times of what is at a path."""
        follow = _follow(flags)
        times = new_times(self._clock, atime, mtime, which)
        directory = self._directory(fd)
        directory.set_times_at(self._guest.text(path, length), *times, follow=follow)

    def path_link(
        self, fd: int, flags: int, path: int, length: int, new_fd: int, new_path: int, new_length: int
    ) -> None:
        """Make a hard link; a symbolic link is never followed for it."""
        follow = _follow(flags)
        source, target = self._directory(fd), self._directory(new_fd)
        old, new = self._guest.text(path, length), self._guest.text(new_path, new_length)
        if follow:
            raise WasiError(Errno.INVAL)
        source.link(old, target, new)

    def path_open(
        self,
        fd: int,
        lookup: int,
        path: int,
        length: int,
        flags: int,
        base: int,
        inheriting: int,
        fdflags: int,
        result: int,
    ) -> None:
        """Open a file or directory, or create a file."""
        follow = _follow(lookup)
        if flags & ~ALL_OFLAGS or fdflags & ~ALL_FDFLAGS or (base | inheriting) & U64 & ~ALL_RIGHTS:
            raise WasiError(Errno.INVAL)
        text = self._guest.text(path, length)
        directory = self._fds.directory(fd, file=Errno.NOTDIR).directory
        if fdflags & SYNC_FLAGS:
            raise WasiError(Errno.NOTSUP)
        if flags & Oflags.DIRECTORY and flags & (Oflags.CREAT | Oflags.EXCL | Oflags.TRUNC):
            raise WasiError(Errno.INVAL)
        self._fds.check_room()
        self._guest.check(result, 4)
        opened = directory.open(text, _how(flags, base, follow=follow))
        if isinstance(opened, File):
            number = self._fds.add(OpenFile(opened, flags=fdflags))
        else:
            number = self._fds.add(OpenDirectory(opened))
        self._guest.write_u32(result, number)

    def path_readlink(self, fd: int, path: int, length: int, buffer: int, buffer_length: int, result: int) -> None:
        """Tell what a symbolic link says, cut where the buffer ends."""
        directory = self._directory(fd)
        target = directory.readlink(self._guest.text(path, length)).encode("utf-8", "surrogateescape")
        target = target[: buffer_length & U32]
        self._guest.write(buffer, target)
        self._guest.write_u32(result, len(target))

    def path_remove_directory(self, fd: int, path: int, length: int) -> None:
        """Remove an empty directory."""
        directory = self._directory(fd)
        directory.remove_directory(self._guest.text(path, length))

    def path_rename(self, fd: int, path: int, length: int, new_fd: int, new_path: int, new_length: int) -> None:
        """Move a file or directory."""
        source, target = self._directory(fd), self._directory(new_fd)
        old, new = self._guest.text(path, length), self._guest.text(new_path, new_length)
        source.rename(old, target, new)

    def path_symlink(self, target: int, target_length: int, fd: int, path: int, length: int) -> None:
        """Make a symbolic link."""
        directory = self._directory(fd)
        text = self._guest.text(target, target_length)
        directory.symlink(text, self._guest.text(path, length))

    def path_unlink_file(self, fd: int, path: int, length: int) -> None:
        """Remove a file or a symbolic link."""
        directory = self._directory(fd)
        directory.unlink(self._guest.text(path, length))


def _follow(flags: int) -> bool:
    if flags & ~SYMLINK_FOLLOW:
        raise WasiError(Errno.INVAL)
    return bool(flags & SYMLINK_FOLLOW)


def _how(flags: int, rights: int, *, follow: bool) -> OpenHow:
    """What wasmtime opens a file for: creating and cutting need to write, and what is not written is read."""
    changes = bool(flags & (Oflags.CREAT | Oflags.TRUNC))
    return OpenHow(
        follow=follow,
        create=bool(flags & Oflags.CREAT),
        exclusive=bool(flags & Oflags.EXCL),
        truncate=bool(flags & Oflags.TRUNC),
        directory=bool(flags & Oflags.DIRECTORY),
        read=bool(rights & Rights.FD_READ) or not rights & Rights.FD_WRITE,
        write=bool(rights & Rights.FD_WRITE) or changes,
    )
