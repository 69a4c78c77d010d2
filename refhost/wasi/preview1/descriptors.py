"""The descriptors of one instance, and the memory that its pointers point into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from refhost.dialects.memory import U32
from refhost.wasi.preview1.errno import Errno, WasiError
from refhost.wasi.preview1.layout import IOVEC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from refhost.dialects.memory import GuestMemory
    from refhost.wasi.vfs import Directory, Entry, File

MAX_DESCRIPTORS = 4096
_CHUNK = 1 << 16
MAX_VECTORS = 1024
MAX_TRANSFER = 1 << 24  # bytes that one call reads or writes; a caller must cope with less than it asked for
MAX_OUTPUT = 1 << 16  # the same for standard output and error: each byte may be a line, and no deadline ends a host


@dataclass(slots=True)
class Input:
    """Standard input: bytes that were given beforehand, or a source that gives up to so many when it is asked.

    A source may keep its caller waiting; what it gives is empty at its end.
    """

    data: bytes
    source: Callable[[int], bytes] | None = None
    position: int = 0

    def read(self, length: int) -> bytes:
        """Up to `length` bytes; none at the end."""
        if length:
            self.available()
        data = self.data[self.position : self.position + length]
        self.position += len(data)
        return data

    def available(self) -> int:
        """How many bytes are there to read; none at the end."""
        if self.position >= len(self.data) and self.source is not None:
            self.data, self.position = self.source(_CHUNK), 0
        return len(self.data) - self.position

    def close(self) -> None:
        """Nothing to do."""


@dataclass(slots=True)
class Output:
    """Standard output or standard error: where it goes is the host's business."""

    sink: Callable[[bytes], None]

    def close(self) -> None:
        """Nothing to do."""


@dataclass(slots=True)
class OpenFile:
    """A descriptor of a file."""

    file: File
    flags: int = 0
    position: int = 0

    def close(self) -> None:
        """Give the file up."""
        self.file.close()


@dataclass(slots=True, eq=False)
class OpenDirectory:
    """A descriptor of a directory.

    Attributes:
        directory: the directory.
        preopen: the name that a preopened one has.
        listing: what the present run of `fd_readdir` calls reads from; a plugin that deletes what it lists
            would else miss names.
    """

    directory: Directory
    preopen: bytes | None = None
    listing: list[Entry] | None = None

    def close(self) -> None:
        """Give the directory up."""
        self.directory.close()


Descriptor = Input | Output | OpenFile | OpenDirectory


class Descriptors:
    """Numbers of descriptors, given out as wasmtime does: the highest that was freed, or else a new one."""

    def __init__(self, first: Iterable[Descriptor]) -> None:
        self._used = dict(enumerate(first))
        self._free: set[int] = set()

    def get(self, fd: int) -> Descriptor:
        """The descriptor of a number, or BADF."""
        descriptor = self._used.get(fd & U32)
        if descriptor is None:
            raise WasiError(Errno.BADF)
        return descriptor

    def file(self, fd: int, *, stream: Errno = Errno.BADF) -> OpenFile:
        """The open file of a number; `stream` is the error for standard input and output."""
        descriptor = self.get(fd)
        if isinstance(descriptor, OpenFile):
            return descriptor
        raise WasiError(Errno.BADF if isinstance(descriptor, OpenDirectory) else stream)

    def directory(self, fd: int, *, file: Errno = Errno.BADF) -> OpenDirectory:
        """The open directory of a number; `file` is the error for an open file."""
        descriptor = self.get(fd)
        if isinstance(descriptor, OpenDirectory):
            return descriptor
        raise WasiError(file if isinstance(descriptor, OpenFile) else Errno.BADF)

    def check_room(self) -> None:
        """MFILE when there are as many as this host allows."""
        if len(self._used) >= MAX_DESCRIPTORS:
            raise WasiError(Errno.MFILE)

    def add(self, descriptor: Descriptor) -> int:
        """Give a descriptor a number."""
        if self._free:
            fd = max(self._free)
            self._free.remove(fd)
        else:
            fd = max(self._used, default=-1) + 1
        self._used[fd] = descriptor
        return fd

    def close(self, fd: int) -> None:
        """Close a number, or BADF."""
        descriptor = self.get(fd)
        del self._used[fd & U32]
        self._free.add(fd & U32)
        descriptor.close()

    def renumber(self, source: int, target: int) -> None:
        """Let the number `target`, which must be open, be what `source` was, and close `source`."""
        descriptor = self.get(source)
        self.get(target)
        source, target = source & U32, target & U32
        if source == target:
            return
        self.close(target)
        self._free.remove(target)
        self._free.add(source)
        del self._used[source]
        self._used[target] = descriptor

    def close_all(self) -> None:
        """Close every descriptor."""
        for fd in list(self._used):
            self.close(fd)


class Guest:
    """What the functions have to do with: memory and descriptors.

    Before the module is instantiated there is no memory. A start function that calls WASI already then gets
    FAULT for every pointer, as a pointer outside of memory would.
    """

    def __init__(self, descriptors: Descriptors) -> None:
        self.descriptors = descriptors
        self.memory: GuestMemory | None = None

    def _memory(self) -> GuestMemory:
        if self.memory is None:
            raise WasiError(Errno.FAULT)
        return self.memory

    def read(self, pointer: int, length: int) -> bytes:
        """Bytes of the guest."""
        return self._memory().read(pointer, length)

    def write(self, pointer: int, data: bytes) -> None:
        """Bytes for the guest."""
        self._memory().write(pointer, data)

    def write_u32(self, pointer: int, value: int) -> None:
        """A u32 for the guest."""
        self.write(pointer, (value & U32).to_bytes(4, "little"))

    def write_u64(self, pointer: int, value: int) -> None:
        """A u64 for the guest."""
        self.write(pointer, value.to_bytes(8, "little"))

    def check(self, pointer: int, length: int) -> None:
        """FAULT unless the range lies in memory."""
        if (pointer & U32) + (length & U32) > self._memory().size:
            raise WasiError(Errno.FAULT)

    def text(self, pointer: int, length: int) -> str:
        """A path or another string of the guest, which must be UTF-8 (else ILSEQ)."""
        self.check(pointer, length)
        try:
            return self.read(pointer, length).decode()
        except UnicodeDecodeError:
            raise WasiError(Errno.ILSEQ) from None

    def vectors(self, pointer: int, count: int) -> list[tuple[int, int]]:
        """The buffers of a list of `iovec`, each checked, together no more than MAX_TRANSFER."""
        count &= U32
        if count > MAX_VECTORS:
            raise WasiError(Errno.INVAL)
        vectors = []
        room = MAX_TRANSFER
        for address, length in IOVEC.iter_unpack(self.read(pointer, count * IOVEC.size)):
            self.check(address, length)
            if length and room:
                vectors.append((address, min(length, room)))
                room -= min(length, room)
        return vectors

    def gather(self, pointer: int, count: int) -> bytes:
        """The bytes of a list of `ciovec`."""
        return b"".join(self.read(address, length) for address, length in self.vectors(pointer, count))

    def scatter(self, vectors: list[tuple[int, int]], data: bytes) -> None:
        """Spread bytes over buffers, as far as they go."""
        position = 0
        for address, length in vectors:
            if position >= len(data):
                return
            self.write(address, data[position : position + length])
            position += length
