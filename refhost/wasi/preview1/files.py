"""The functions that start with `fd_`."""

from __future__ import annotations

import errno
from collections import deque
from typing import TYPE_CHECKING

from refhost.dialects.memory import U32
from refhost.wasi.preview1.descriptors import MAX_OUTPUT, Input, OpenDirectory, OpenFile, Output
from refhost.wasi.preview1.errno import Errno, WasiError
from refhost.wasi.preview1.layout import (
    ALL_FDFLAGS,
    ALL_FSTFLAGS,
    ALL_RIGHTS,
    DIRENT,
    FDSTAT,
    FILESTAT,
    FILETYPES,
    NOT_OF_DIRECTORIES,
    PREOPEN_INHERITING,
    PREOPEN_RIGHTS,
    PRESTAT,
    SYNC_FLAGS,
    U64,
    Fdflags,
    Filetype,
    Fstflags,
    Rights,
    filestat,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refhost.clock import Clock
    from refhost.wasi.preview1.descriptors import Descriptor, Guest

_MAX_ADVICE = 5
_MAX_LISTINGS = 16
_MAX_I64 = (1 << 63) - 1


def new_times(clock: Clock, atime: int, mtime: int, flags: int) -> tuple[int | None, int | None]:
    """The times that `…_set_times` is to set; None for one that stays."""
    if flags & ~ALL_FSTFLAGS:
        raise WasiError(Errno.INVAL)
    for given, now in ((Fstflags.ATIM, Fstflags.ATIM_NOW), (Fstflags.MTIM, Fstflags.MTIM_NOW)):
        if flags & given and flags & now:
            raise WasiError(Errno.INVAL)
    now_ns = clock.now_ns
    return (
        atime & U64 if flags & Fstflags.ATIM else now_ns if flags & Fstflags.ATIM_NOW else None,
        mtime & U64 if flags & Fstflags.MTIM else now_ns if flags & Fstflags.MTIM_NOW else None,
    )


class FileFunctions:
    """Functions on descriptors. Each takes what the guest passed, and raises where it has to fail."""

    def __init__(self, guest: Guest, clock: Clock) -> None:
        self._guest = guest
        self._clock = clock
        self._fds = guest.descriptors
        self._listed: deque[OpenDirectory] = deque()

    def fd_advise(self, fd: int, _offset: int, length: int, advice: int) -> None:
        """Take a hint about how a file will be used; it changes nothing."""
        if not 0 <= advice <= _MAX_ADVICE:
            raise WasiError(Errno.INVAL)
        self._fds.file(fd)
        if length & U64 > _MAX_I64:
            raise WasiError(Errno.INVAL)

    def fd_allocate(self, fd: int, offset: int, length: int) -> None:
        """See that a file is long enough."""
        self._fds.file(fd).file.allocate(offset & U64, length & U64)

    def fd_close(self, fd: int) -> None:
        """Close a descriptor."""
        self._fds.close(fd)

    def fd_datasync(self, fd: int) -> None:
        """Make what was written safe."""
        self._fds.file(fd).file.sync()

    fd_sync = fd_datasync

    def fd_fdstat_get(self, fd: int, result: int) -> None:
        """Tell type, flags and rights of a descriptor."""
        self._guest.write(result, _fdstat(self._fds.get(fd)))

    def fd_fdstat_set_flags(self, fd: int, flags: int) -> None:
        """Change whether writes append; non-blocking is taken and means nothing."""
        if flags & ~ALL_FDFLAGS:
            raise WasiError(Errno.INVAL)
        descriptor = self._fds.file(fd)
        if flags & SYNC_FLAGS:
            raise WasiError(Errno.INVAL)
        descriptor.flags = flags

    def fd_fdstat_set_rights(self, fd: int, base: int, inheriting: int) -> None:
        """Not supported, as in wasmtime: rights other than reading and writing are told but not kept."""
        if base & U64 & ~ALL_RIGHTS or inheriting & U64 & ~ALL_RIGHTS:
            raise WasiError(Errno.INVAL)
        if not isinstance(self._fds.get(fd), OpenFile | OpenDirectory):
            raise WasiError(Errno.BADF)
        raise WasiError(Errno.NOTSUP)

    def fd_filestat_get(self, fd: int, result: int) -> None:
        """Tell size, times and so on of what a descriptor stands for."""
        descriptor = self._fds.get(fd)
        if isinstance(descriptor, OpenFile):
            data = filestat(descriptor.file.stat())
        elif isinstance(descriptor, OpenDirectory):
            data = filestat(descriptor.directory.stat())
        else:
            data = FILESTAT.pack(0, 0, Filetype.UNKNOWN, 0, 0, 0, 0, 0)
        self._guest.write(result, data)

    def fd_filestat_set_size(self, fd: int, size: int) -> None:
        """Cut or lengthen a file."""
        self._fds.file(fd).file.resize(size & U64)

    def fd_filestat_set_times(self, fd: int, atime: int, mtime: int, flags: int) -> None:
        """Set the times of a file or directory."""
        times = new_times(self._clock, atime, mtime, flags)
        descriptor = self._fds.get(fd)
        if isinstance(descriptor, OpenFile):
            descriptor.file.set_times(*times)
        elif isinstance(descriptor, OpenDirectory):
            descriptor.directory.set_times(*times)
        else:
            raise WasiError(Errno.BADF)

    def fd_pread(self, fd: int, vectors: int, count: int, offset: int, result: int) -> None:
        """Read from a place in a file; the position stays."""
        buffers = self._guest.vectors(vectors, count)
        descriptor = self._fds.get(fd)
        if isinstance(descriptor, Input):
            raise WasiError(Errno.SPIPE)
        if not isinstance(descriptor, OpenFile):
            raise WasiError(Errno.BADF)
        self._guest.check(result, 4)
        data = descriptor.file.read(offset & U64, sum(length for _, length in buffers))
        self._guest.scatter(buffers, data)
        self._guest.write_u32(result, len(data))

    def fd_prestat_get(self, fd: int, result: int) -> None:
        """Tell how long the name of a preopened directory is."""
        descriptor = self._fds.get(fd)
        if not isinstance(descriptor, OpenDirectory) or descriptor.preopen is None:
            raise WasiError(Errno.BADF)
        self._guest.write(result, PRESTAT.pack(0, len(descriptor.preopen)))

    def fd_prestat_dir_name(self, fd: int, path: int, length: int) -> None:
        """Tell the name of a preopened directory."""
        descriptor = self._fds.get(fd)
        if not isinstance(descriptor, OpenDirectory) or descriptor.preopen is None:
            raise WasiError(Errno.NOTDIR)
        if length & U32 < len(descriptor.preopen):
            raise WasiError(Errno.NAMETOOLONG)
        self._guest.write(path, descriptor.preopen)

    def fd_pwrite(self, fd: int, vectors: int, count: int, offset: int, result: int) -> None:
        """Write to a place in a file; the position stays. With the flag `append`, as on Linux, to the end."""
        data = self._guest.gather(vectors, count)
        descriptor = self._fds.get(fd)
        if isinstance(descriptor, Output):
            raise WasiError(Errno.SPIPE)
        if not isinstance(descriptor, OpenFile):
            raise WasiError(Errno.BADF)
        self._guest.check(result, 4)
        descriptor.file.write(None if descriptor.flags & Fdflags.APPEND else offset & U64, data)
        self._guest.write_u32(result, len(data))

    def fd_read(self, fd: int, vectors: int, count: int, result: int) -> None:
        """Read from the position of a file, or from standard input."""
        buffers = self._guest.vectors(vectors, count)
        wanted = sum(length for _, length in buffers)
        descriptor = self._fds.get(fd)
        self._guest.check(result, 4)
        if isinstance(descriptor, Input):
            data = descriptor.read(wanted)
        elif isinstance(descriptor, OpenFile):
            data = descriptor.file.read(descriptor.position, wanted)
            descriptor.position += len(data)
        else:
            raise WasiError(Errno.BADF)
        self._guest.scatter(buffers, data)
        self._guest.write_u32(result, len(data))

    def fd_readdir(self, fd: int, buffer: int, length: int, cookie: int, result: int) -> None:
        """List a directory from a cookie on; the last entry is cut where the buffer ends."""
        descriptor = self._fds.directory(fd)
        length &= U32
        cookie &= U64
        self._guest.check(buffer, length)
        self._guest.check(result, 4)
        if cookie == 0 or descriptor.listing is None:
            self._list(descriptor)
        data = bytearray()
        for entry in _dirents(descriptor, cookie):
            data += entry
            if len(data) >= length:
                break
        self._guest.write(buffer, bytes(data[:length]))
        self._guest.write_u32(result, min(len(data), length))

    def _list(self, descriptor: OpenDirectory) -> None:
        """Take a new listing, and let the oldest go: a plugin can open one directory thousands of times."""
        descriptor.listing = descriptor.directory.entries()
        if descriptor in self._listed:
            self._listed.remove(descriptor)
        self._listed.append(descriptor)
        if len(self._listed) > _MAX_LISTINGS:
            self._listed.popleft().listing = None

    def fd_renumber(self, source: int, target: int) -> None:
        """Let one descriptor take the number of another."""
        self._fds.renumber(source, target)

    def fd_seek(self, fd: int, delta: int, whence: int, result: int) -> None:
        """Move the position of a file."""
        if not 0 <= whence <= 2:
            raise WasiError(Errno.INVAL)
        descriptor = self._fds.file(fd, stream=Errno.SPIPE)
        delta = delta - (1 << 64) if delta > _MAX_I64 else delta
        base = (0, descriptor.position, descriptor.file.stat().size if whence == 2 else 0)[whence]
        if not 0 <= base + delta <= U64:
            raise WasiError(Errno.INVAL)
        self._guest.write_u64(result, base + delta)
        descriptor.position = base + delta

    def fd_tell(self, fd: int, result: int) -> None:
        """Tell the position of a file."""
        self._guest.write_u64(result, self._fds.file(fd, stream=Errno.SPIPE).position)

    def fd_write(self, fd: int, vectors: int, count: int, result: int) -> None:
        """Write to the position of a file, or to standard output or error."""
        data = self._guest.gather(vectors, count)
        descriptor = self._fds.get(fd)
        self._guest.check(result, 4)
        if isinstance(descriptor, Output):
            data = data[:MAX_OUTPUT]
            if data:
                descriptor.sink(data)
        elif isinstance(descriptor, OpenFile):
            append = descriptor.flags & Fdflags.APPEND
            end = descriptor.file.write(None if append else descriptor.position, data)
            descriptor.position = end
        else:
            raise WasiError(Errno.BADF)
        self._guest.write_u32(result, len(data))


def _fdstat(descriptor: Descriptor) -> bytes:
    """The `fdstat` that wasmtime would tell."""
    if isinstance(descriptor, Input):
        return FDSTAT.pack(Filetype.UNKNOWN, 0, Rights.FD_READ, Rights.FD_READ)
    if isinstance(descriptor, Output):
        return FDSTAT.pack(Filetype.UNKNOWN, 0, Rights.FD_WRITE, Rights.FD_WRITE)
    if isinstance(descriptor, OpenFile):
        rights = ALL_RIGHTS
        if not descriptor.file.readable:
            rights &= ~(Rights.FD_READ | Rights.FD_READDIR)
        if not descriptor.file.writable:
            rights &= ~Rights.FD_WRITE
        return FDSTAT.pack(Filetype.REGULAR_FILE, descriptor.flags, rights, rights)
    if descriptor.preopen is not None:
        return FDSTAT.pack(Filetype.DIRECTORY, 0, PREOPEN_RIGHTS, PREOPEN_INHERITING)
    rights = ALL_RIGHTS & ~NOT_OF_DIRECTORIES & ~Rights.FD_WRITE
    return FDSTAT.pack(Filetype.DIRECTORY, 0, rights, rights)


def _dirents(descriptor: OpenDirectory, cookie: int) -> Iterator[bytes]:
    """The entries of a directory from a cookie on; `..` gets the inode of `.`, as in wasmtime."""
    inode = descriptor.directory.stat().inode
    for index, name in enumerate((b".", b"..")):
        if index >= cookie:
            yield DIRENT.pack(index + 1, inode, len(name), Filetype.DIRECTORY) + name
    listing = descriptor.listing or []
    for index in range(max(0, cookie - 2), len(listing)):
        entry = listing[index]
        try:
            name = entry.name.encode()
        except UnicodeEncodeError:  # only a real directory holds such names
            raise OSError(errno.EILSEQ, entry.name) from None
        yield DIRENT.pack(index + 3, entry.inode, len(name), FILETYPES[entry.kind]) + name
