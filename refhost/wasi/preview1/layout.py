"""How the structures of WASI preview 1 lie in memory, and what the bits of its flags are."""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import TYPE_CHECKING

from refhost.wasi.vfs import Kind

if TYPE_CHECKING:
    from refhost.wasi.vfs import Stat

U64 = 0xFFFFFFFFFFFFFFFF

FDSTAT = struct.Struct("<BxHxxxxQQ")
FILESTAT = struct.Struct("<QQBxxxxxxxQQQQQ")
DIRENT = struct.Struct("<QQIBxxx")
PRESTAT = struct.Struct("<BxxxI")
IOVEC = struct.Struct("<II")
SUBSCRIPTION = struct.Struct("<QBxxxxxxx32s")
SUBSCRIPTION_CLOCK = struct.Struct("<IxxxxQQHxxxxxx")
EVENT = struct.Struct("<QHBxxxxxQHxxxxxx")


class Filetype(IntEnum):
    """`filetype`."""

    UNKNOWN = 0
    CHARACTER_DEVICE = 2
    DIRECTORY = 3
    REGULAR_FILE = 4
    SYMBOLIC_LINK = 7


FILETYPES = {
    Kind.DIRECTORY: Filetype.DIRECTORY,
    Kind.FILE: Filetype.REGULAR_FILE,
    Kind.LINK: Filetype.SYMBOLIC_LINK,
    Kind.OTHER: Filetype.UNKNOWN,
}


# Bits are plain numbers, as a guest passes them: an IntFlag would make an object of each `&`.
class Rights(IntEnum):
    """`rights`: what a descriptor may be used for."""

    FD_DATASYNC = 1 << 0
    FD_READ = 1 << 1
    FD_SEEK = 1 << 2
    FD_FDSTAT_SET_FLAGS = 1 << 3
    FD_SYNC = 1 << 4
    FD_TELL = 1 << 5
    FD_WRITE = 1 << 6
    FD_ADVISE = 1 << 7
    FD_ALLOCATE = 1 << 8
    PATH_CREATE_DIRECTORY = 1 << 9
    PATH_CREATE_FILE = 1 << 10
    PATH_LINK_SOURCE = 1 << 11
    PATH_LINK_TARGET = 1 << 12
    PATH_OPEN = 1 << 13
    FD_READDIR = 1 << 14
    PATH_READLINK = 1 << 15
    PATH_RENAME_SOURCE = 1 << 16
    PATH_RENAME_TARGET = 1 << 17
    PATH_FILESTAT_GET = 1 << 18
    PATH_FILESTAT_SET_SIZE = 1 << 19
    PATH_FILESTAT_SET_TIMES = 1 << 20
    FD_FILESTAT_GET = 1 << 21
    FD_FILESTAT_SET_SIZE = 1 << 22
    FD_FILESTAT_SET_TIMES = 1 << 23
    PATH_SYMLINK = 1 << 24
    PATH_REMOVE_DIRECTORY = 1 << 25
    PATH_UNLINK_FILE = 1 << 26
    POLL_FD_READWRITE = 1 << 27
    SOCK_SHUTDOWN = 1 << 28
    SOCK_ACCEPT = 1 << 29


ALL_RIGHTS = (1 << 30) - 1
# What wasmtime tells of a preopened directory: what C and Rust libraries expect to find there.
PREOPEN_RIGHTS = (
    Rights.PATH_CREATE_DIRECTORY
    | Rights.PATH_CREATE_FILE
    | Rights.PATH_LINK_SOURCE
    | Rights.PATH_LINK_TARGET
    | Rights.PATH_OPEN
    | Rights.FD_READDIR
    | Rights.PATH_READLINK
    | Rights.PATH_RENAME_SOURCE
    | Rights.PATH_RENAME_TARGET
    | Rights.PATH_SYMLINK
    | Rights.PATH_REMOVE_DIRECTORY
    | Rights.PATH_UNLINK_FILE
    | Rights.PATH_FILESTAT_GET
    | Rights.PATH_FILESTAT_SET_TIMES
    | Rights.FD_FILESTAT_GET
    | Rights.FD_FILESTAT_SET_TIMES
)
PREOPEN_INHERITING = (
    PREOPEN_RIGHTS
    | Rights.FD_DATASYNC
    | Rights.FD_READ
    | Rights.FD_SEEK
    | Rights.FD_FDSTAT_SET_FLAGS
    | Rights.FD_SYNC
    | Rights.FD_TELL
    | Rights.FD_WRITE
    | Rights.FD_ADVISE
    | Rights.FD_ALLOCATE
    | Rights.FD_FILESTAT_SET_SIZE
    | Rights.POLL_FD_READWRITE
)
NOT_OF_DIRECTORIES = Rights.FD_SEEK | Rights.FD_FILESTAT_SET_SIZE | Rights.PATH_FILESTAT_SET_SIZE


class Fdflags(IntEnum):
    """`fdflags`."""

    APPEND = 1
    DSYNC = 2
    NONBLOCK = 4
    RSYNC = 8
    SYNC = 16


ALL_FDFLAGS = 31
SYNC_FLAGS = Fdflags.DSYNC | Fdflags.RSYNC | Fdflags.SYNC


class Oflags(IntEnum):
    """`oflags`."""

    CREAT = 1
    DIRECTORY = 2
    EXCL = 4
    TRUNC = 8


ALL_OFLAGS = 15


class Fstflags(IntEnum):
    """`fstflags`."""

    ATIM = 1
    ATIM_NOW = 2
    MTIM = 4
    MTIM_NOW = 8


ALL_FSTFLAGS = 15
SYMLINK_FOLLOW = 1  # the one bit of `lookupflags`
ABSTIME = 1  # the one bit of `subclockflags`
HANGUP = 1  # the one bit of `eventrwflags`


class Clockid(IntEnum):
    """`clockid`."""

    REALTIME = 0
    MONOTONIC = 1
    PROCESS_CPUTIME_ID = 2
    THREAD_CPUTIME_ID = 3


def filestat(stat: Stat) -> bytes:
    """A `filestat`. The device is 1, as in wasmtime."""
    return FILESTAT.pack(
        1,
        stat.inode,
        FILETYPES[stat.kind],
        stat.links,
        stat.size,
        stat.atime_ns & U64,
        stat.mtime_ns & U64,
        stat.ctime_ns & U64,
    )
