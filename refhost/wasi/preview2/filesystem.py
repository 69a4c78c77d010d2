"""`wasi:filesystem` over a VFS: the same operations, confinement and errors as in preview 1."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from refhost.clock import NANOSECONDS
from refhost.wasi.preview2.clocks import datetime_of
from refhost.wasi.preview2.http.errors import HttpFault
from refhost.wasi.preview2.registry import Failure, wasi
from refhost.wasi.preview2.streams import PERMIT, FileSink, FileSource, InputStream, OutputStream, Resource
from refhost.wasi.preview2.values import record
from refhost.wasi.vfs import Directory, File, Kind
from refhost.wasi.vfs.directory import OpenHow

if TYPE_CHECKING:
    from wasmtime import component as wc

    from refhost.clock import Clock
    from refhost.wasi.preview2.streams import Error
    from refhost.wasi.vfs import Entry, Stat, Vfs

_TYPES = "wasi:filesystem/types"
_MAX_I64 = (1 << 63) - 1

_CODES = {
    errno.EACCES: "access",
    errno.EAGAIN: "would-block",
    errno.EALREADY: "already",
    errno.EBADF: "bad-descriptor",
    errno.EBUSY: "busy",
    errno.EDEADLK: "deadlock",
    errno.EDQUOT: "quota",
    errno.EEXIST: "exist",
    errno.EFBIG: "file-too-large",
    errno.EILSEQ: "illegal-byte-sequence",
    errno.EINPROGRESS: "in-progress",
    errno.EINTR: "interrupted",
    errno.EINVAL: "invalid",
    errno.EISDIR: "is-directory",
    errno.ELOOP: "loop",
    errno.EMLINK: "too-many-links",
    errno.EMSGSIZE: "message-size",
    errno.ENAMETOOLONG: "name-too-long",
    errno.ENODEV: "no-device",
    errno.ENOENT: "no-entry",
    errno.ENOLCK: "no-lock",
    errno.ENOMEM: "insufficient-memory",
    errno.ENOSPC: "insufficient-space",
    errno.ENOTDIR: "not-directory",
    errno.ENOTEMPTY: "not-empty",
    errno.ENOTSUP: "unsupported",
    errno.ENOSYS: "unsupported",
    errno.ENOTTY: "no-tty",
    errno.ENXIO: "no-such-device",
    errno.EOVERFLOW: "overflow",
    errno.EPERM: "not-permitted",
    errno.EPIPE: "pipe",
    errno.EROFS: "read-only",
    errno.ESPIPE: "invalid-seek",
    errno.ETXTBSY: "text-file-busy",
    errno.EXDEV: "cross-device",
}
_DESCRIPTOR_TYPES = {
    Kind.DIRECTORY: "directory",
    Kind.FILE: "regular-file",
    Kind.LINK: "symbolic-link",
    Kind.OTHER: "unknown",
}
_SYNC_FLAGS = {"file-integrity-sync", "data-integrity-sync", "requested-write-sync"}


def error_code(error: OSError) -> str:
    """The `error-code` for an error of Python."""
    return _CODES.get(error.errno or 0, "io")


class Descriptor(Resource):
    """A file or directory behind a handle."""

    resource = "descriptor"

    def __init__(self, opened: File | Directory) -> None:
        self.opened = opened

    @property
    def file(self) -> File:
        """The file; a directory is no descriptor for what only files can do."""
        if not isinstance(self.opened, File):
            raise Failure("bad-descriptor")
        return self.opened

    @property
    def directory(self) -> Directory:
        """The directory, for what only directories can do."""
        if not isinstance(self.opened, Directory):
            raise Failure("not-directory")
        return self.opened

    def close(self) -> None:
        """Give the file up."""
        self.opened.close()


class EntryStream(Resource):
    """The names in a directory, as they were when the stream was made."""

    resource = "directory-entry-stream"

    def __init__(self, entries: list[Entry]) -> None:
        self._entries = iter(entries)

    def read(self) -> Entry | None:
        """The next one."""
        return next(self._entries, None)


class FilesystemFunctions:
    """`wasi:filesystem/types` and `wasi:filesystem/preopens`."""

    def __init__(self, vfs: Vfs | None, clock: Clock, preopen: str) -> None:
        self._vfs = vfs
        self._clock = clock
        self._preopen = preopen

    @wasi("wasi:filesystem/preopens", "get-directories")
    def get_directories(self) -> list[tuple[Descriptor, str]]:
        """The root of the VFS, where there is one."""
        if self._vfs is None:
            return []
        return [(Descriptor(self._vfs.root_directory()), self._preopen)]

    @wasi(_TYPES, "filesystem-error-code")
    def filesystem_error_code(self, error: Error) -> str | None:
        """What a stream over a file failed with; None for another stream's error."""
        return None if isinstance(error.cause, HttpFault) else error_code(error.cause)

    @wasi(_TYPES, "[method]descriptor.read-via-stream")
    def read_via_stream(self, descriptor: Descriptor, offset: int) -> InputStream:
        """A stream that reads a file."""
        if isinstance(descriptor.opened, Directory):
            raise Failure("is-directory")
        return InputStream(FileSource(descriptor.file, offset))

    @wasi(_TYPES, "[method]descriptor.write-via-stream")
    def write_via_stream(self, descriptor: Descriptor, offset: int) -> OutputStream:
        """A stream that writes a file."""
        return OutputStream(FileSink(descriptor.file, offset))

    @wasi(_TYPES, "[method]descriptor.append-via-stream")
    def append_via_stream(self, descriptor: Descriptor) -> OutputStream:
        """A stream that writes at the end of a file."""
        return OutputStream(FileSink(descriptor.file, None))

    @wasi(_TYPES, "[method]descriptor.advise")
    def advise(self, descriptor: Descriptor, _offset: int, length: int, _advice: str) -> None:
        """Take a hint, which changes nothing."""
        _ = descriptor.file  # a directory takes no hints
        if length > _MAX_I64:
            raise Failure("invalid")

    @wasi(_TYPES, "[method]descriptor.sync")
    @wasi(_TYPES, "[method]descriptor.sync-data")
    def sync(self, descriptor: Descriptor) -> None:
        """Make what was written safe."""
        descriptor.opened.sync()

    @wasi(_TYPES, "[method]descriptor.get-flags")
    def get_flags(self, descriptor: Descriptor) -> set[str]:
        """What the descriptor was opened for."""
        opened = descriptor.opened
        if isinstance(opened, Directory):
            return {"read", "mutate-directory"} if opened.writable else {"read"}
        return {name for name, is_set in (("read", opened.readable), ("write", opened.writable)) if is_set}

    @wasi(_TYPES, "[method]descriptor.get-type")
    def get_type(self, descriptor: Descriptor) -> str:
        """File or directory."""
        return _DESCRIPTOR_TYPES[descriptor.opened.kind]

    @wasi(_TYPES, "[method]descriptor.set-size")
    def set_size(self, descriptor: Descriptor, size: int) -> None:
        """Cut or lengthen a file."""
        descriptor.file.resize(size)

    @wasi(_TYPES, "[method]descriptor.set-times")
    def set_times(self, descriptor: Descriptor, atime: wc.Variant, mtime: wc.Variant) -> None:
        """Set the times of a file or directory."""
        descriptor.opened.set_times(self._time(atime), self._time(mtime))

    @wasi(_TYPES, "[method]descriptor.set-times-at")
    def set_times_at(
        self, descriptor: Descriptor, flags: set[str], path: str, atime: wc.Variant, mtime: wc.Variant
    ) -> None:
        """Set the times of what is at a path."""
        times = self._time(atime), self._time(mtime)
        descriptor.directory.set_times_at(path, *times, follow=_follow(flags))

    def _time(self, value: wc.Variant) -> int | None:
        if value.tag == "no-change":
            return None
        if value.tag == "now" or value.payload is None:
            return self._clock.now_ns
        moment = value.payload.seconds * NANOSECONDS + value.payload.nanoseconds
        if value.payload.nanoseconds >= NANOSECONDS or moment >= 1 << 64:
            raise Failure("invalid")
        return int(moment)

    @wasi(_TYPES, "[method]descriptor.read")
    def read(self, descriptor: Descriptor, length: int, offset: int) -> tuple[bytes, bool]:
        """Read from a place in a file; nothing read means the end, as in wasmtime."""
        data = descriptor.file.read(offset, min(length, PERMIT))
        return data, not data

    @wasi(_TYPES, "[method]descriptor.write")
    def write(self, descriptor: Descriptor, data: bytes, offset: int) -> int:
        """Write to a place in a file."""
        descriptor.file.write(offset, data)
        return len(data)

    @wasi(_TYPES, "[method]descriptor.read-directory")
    def read_directory(self, descriptor: Descriptor) -> EntryStream:
        """List a directory, without `.` and `..`."""
        return EntryStream(descriptor.directory.entries())

    @wasi(_TYPES, "[method]directory-entry-stream.read-directory-entry")
    def read_directory_entry(self, stream: EntryStream) -> wc.Record | None:
        """The next entry. wasmtime-py has no way to report an error here, and there is none."""
        entry = stream.read()
        return None if entry is None else record(type=_DESCRIPTOR_TYPES[entry.kind], name=entry.name)

    @wasi(_TYPES, "[method]descriptor.create-directory-at")
    def create_directory_at(self, descriptor: Descriptor, path: str) -> None:
        """Create a directory."""
        descriptor.directory.make_directory(path)

    @wasi(_TYPES, "[method]descriptor.stat")
    def stat(self, descriptor: Descriptor) -> wc.Record:
        """Tell size, times and so on."""
        return _stat_record(descriptor.opened.stat())

    @wasi(_TYPES, "[method]descriptor.stat-at")
    def stat_at(self, descriptor: Descriptor, flags: set[str], path: str) -> wc.Record:
        """Tell size, times and so on of what is at a path."""
        return _stat_record(descriptor.directory.stat_at(path, follow=_follow(flags)))

    @wasi(_TYPES, "[method]descriptor.link-at")
    def link_at(self, descriptor: Descriptor, flags: set[str], path: str, target: Descriptor, new_path: str) -> None:
        """Make a hard link; a symbolic link is never followed for it."""
        source, directory = descriptor.directory, target.directory
        if _follow(flags):
            raise Failure("invalid")
        source.link(path, directory, new_path)

    @wasi(_TYPES, "[method]descriptor.open-at")
    def open_at(
        self, descriptor: Descriptor, path_flags: set[str], path: str, open_flags: set[str], flags: set[str]
    ) -> Descriptor:
        """Open a file or directory, or create a file."""
        directory = descriptor.directory
        if flags & _SYNC_FLAGS:
            raise Failure("unsupported")
        if "directory" in open_flags and len(open_flags) > 1:
            raise Failure("invalid")
        how = OpenHow(
            follow=_follow(path_flags),
            create="create" in open_flags,
            exclusive="exclusive" in open_flags,
            truncate="truncate" in open_flags,
            directory="directory" in open_flags,
            read="read" in flags or "write" not in flags,
            write="write" in flags or bool(open_flags & {"create", "truncate"}),
        )
        opened = directory.open(path, how)
        if isinstance(opened, Directory):
            opened.writable = "mutate-directory" in flags
        return Descriptor(opened)

    @wasi(_TYPES, "[method]descriptor.readlink-at")
    def readlink_at(self, descriptor: Descriptor, path: str) -> str:
        """Tell what a symbolic link says."""
        return descriptor.directory.readlink(path)

    @wasi(_TYPES, "[method]descriptor.remove-directory-at")
    def remove_directory_at(self, descriptor: Descriptor, path: str) -> None:
        """Remove an empty directory."""
        descriptor.directory.remove_directory(path)

    @wasi(_TYPES, "[method]descriptor.rename-at")
    def rename_at(self, descriptor: Descriptor, path: str, target: Descriptor, new_path: str) -> None:
        """Move a file or directory."""
        descriptor.directory.rename(path, target.directory, new_path)

    @wasi(_TYPES, "[method]descriptor.symlink-at")
    def symlink_at(self, descriptor: Descriptor, target: str, path: str) -> None:
        """Make a symbolic link."""
        descriptor.directory.symlink(target, path)

    @wasi(_TYPES, "[method]descriptor.unlink-file-at")
    def unlink_file_at(self, descriptor: Descriptor, path: str) -> None:
        """Remove a file or a symbolic link."""
        descriptor.directory.unlink(path)

    @wasi(_TYPES, "[method]descriptor.is-same-object")
    def is_same_object(self, descriptor: Descriptor, other: Descriptor) -> bool:
        """Whether two descriptors stand for one file or directory."""
        return descriptor.opened.node == other.opened.node

    @wasi(_TYPES, "[method]descriptor.metadata-hash")
    def metadata_hash(self, descriptor: Descriptor) -> wc.Record:
        """A number for the identity of a file or directory."""
        return _hash_record(descriptor.opened.stat())

    @wasi(_TYPES, "[method]descriptor.metadata-hash-at")
    def metadata_hash_at(self, descriptor: Descriptor, flags: set[str], path: str) -> wc.Record:
        """A number for the identity of what is at a path."""
        return _hash_record(descriptor.directory.stat_at(path, follow=_follow(flags)))


def _follow(flags: set[str]) -> bool:
    return "symlink-follow" in flags


def _stat_record(stat: Stat) -> wc.Record:
    return record(
        type=_DESCRIPTOR_TYPES[stat.kind],
        link_count=stat.links,
        size=stat.size,
        data_access_timestamp=datetime_of(stat.atime_ns),
        data_modification_timestamp=datetime_of(stat.mtime_ns),
        status_change_timestamp=datetime_of(stat.ctime_ns),
    )


def _hash_record(stat: Stat) -> wc.Record:
    return record(lower=stat.inode, upper=1)
