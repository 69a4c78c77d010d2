"""Guests for the tests of WASI: something that calls its functions with real pointers into a real memory."""

from __future__ import annotations

import random
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from wasmtime import (
    Engine,
    Func,
    FuncType,
    Instance,
    Limits,
    Linker,
    Memory,
    MemoryType,
    Module,
    Store,
    ValType,
    WasiConfig,
)

from refhost.clock import Clock
from refhost.dialects.memory import GuestMemory
from refhost.wasi.preview1 import FUNCTIONS, MODULE, Preview1
from refhost.wasi.preview1.layout import Rights

if TYPE_CHECKING:
    from refhost.wasi.vfs import Vfs

ROOT = 3
READ, WRITE = int(Rights.FD_READ), int(Rights.FD_WRITE)
CREAT, DIRECTORY, EXCL, TRUNC = 1, 2, 4, 8
APPEND = 1
VECTOR, BUFFER, RESULT = 0, 1024, 64
TEXT, TEXT2 = 16384, 24576


def _trampoline() -> str:
    """A module that exports its memory, and for each function of WASI one that calls it."""
    imports, exports = [], []
    for name, function in FUNCTIONS.items():
        params, results = " ".join(function.params), " ".join(function.results)
        signature = f"(param {params}) (result {results})"
        arguments = " ".join(f"(local.get {index})" for index in range(len(function.params)))
        imports.append(f'(import "{MODULE}" "{name}" (func ${name} {signature}))')
        exports.append(f'(func (export "{name}") {signature} (call ${name} {arguments}))')
    return "\n".join(["(module", *imports, *exports, '(memory (export "memory") 2))'])


class Guest:
    """Calls by name, with helpers that put arguments into memory and take results out."""

    memory: GuestMemory

    def call(self, name: str, *args: int) -> int | None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def text(self, value: str | bytes, at: int = TEXT) -> tuple[int, int]:
        data = value.encode() if isinstance(value, str) else value
        self.memory.write(at, data)
        return at, len(data)

    def result(self) -> int:
        return self.memory.read_u32(RESULT)

    def result64(self) -> int:
        return int.from_bytes(self.memory.read(RESULT, 8), "little")

    def path(self, name: str, fd: int, path: str | bytes) -> int | None:
        return self.call(name, fd, *self.text(path))

    def open(self, path, flags=0, rights=None, fdflags=0, follow=0, fd=ROOT) -> tuple[int, int]:
        if rights is None:  # a directory cannot be opened for writing
            rights = READ if flags & DIRECTORY else READ | WRITE
        error = self.call("path_open", fd, follow, *self.text(path), flags, rights, 0, fdflags, RESULT)
        return error, self.result() if error == 0 else -1

    def opened(self, path, *args, **kwargs) -> int:
        error, fd = self.open(path, *args, **kwargs)
        assert error == 0, error
        return fd

    def write(self, fd: int, data: bytes, at: int | None = None) -> tuple[int, int]:
        self.memory.write(BUFFER, data)
        self.memory.write(VECTOR, struct.pack("<II", BUFFER, len(data)))
        if at is None:
            error = self.call("fd_write", fd, VECTOR, 1, RESULT)
        else:
            error = self.call("fd_pwrite", fd, VECTOR, 1, at, RESULT)
        return error, self.result() if error == 0 else -1

    def read(self, fd: int, length: int, at: int | None = None) -> tuple[int, bytes]:
        self.memory.write(VECTOR, struct.pack("<II", BUFFER, length))
        if at is None:
            error = self.call("fd_read", fd, VECTOR, 1, RESULT)
        else:
            error = self.call("fd_pread", fd, VECTOR, 1, at, RESULT)
        return error, self.memory.read(BUFFER, self.result()) if error == 0 else b""

    def seek(self, fd: int, delta: int, whence: int) -> tuple[int, int]:
        error = self.call("fd_seek", fd, delta, whence, RESULT)
        return error, self.result64() if error == 0 else -1

    def fdstat(self, fd: int) -> tuple[int, ...]:
        error = self.call("fd_fdstat_get", fd, BUFFER)
        return (error, *struct.unpack("<BxHxxxxQQ", self.memory.read(BUFFER, 24))) if error == 0 else (error,)

    def filestat(self, fd: int) -> tuple[int, ...]:
        """Error, device, inode, type, links, size, atime, mtime, ctime."""
        return self._filestat(self.call("fd_filestat_get", fd, BUFFER))

    def filestat_at(self, path, follow=0, fd=ROOT) -> tuple[int, ...]:
        return self._filestat(self.call("path_filestat_get", fd, follow, *self.text(path), BUFFER))

    def _filestat(self, error: int) -> tuple[int, ...]:
        if error:
            return (error,)
        return (error, *struct.unpack("<QQBxxxxxxxQQQQQ", self.memory.read(BUFFER, 64)))

    def readdir(self, fd: int, size: int = 4096, cookie: int = 0) -> tuple[int, list[tuple[int, bytes, int]]]:
        """Error, and (cookie of the next, name, type) of each entry that is whole."""
        error = self.call("fd_readdir", fd, BUFFER, size, cookie, RESULT)
        if error:
            return error, []
        data = self.memory.read(BUFFER, self.result())
        entries = []
        while len(data) >= 24:
            following, _, length, filetype = struct.unpack("<QQIBxxx", data[:24])
            if len(data) < 24 + length:
                break
            entries.append((following, data[24 : 24 + length], filetype))
            data = data[24 + length :]
        return error, entries

    def readlink(self, path, size: int = 4096, fd: int = ROOT) -> tuple[int, bytes]:
        error = self.call("path_readlink", fd, *self.text(path), BUFFER, size, RESULT)
        return error, self.memory.read(BUFFER, self.result()) if error == 0 else b""

    def symlink(self, target, path, fd: int = ROOT) -> int:
        return self.call("path_symlink", *self.text(target), fd, *self.text(path, TEXT2))

    def link(self, path, new, fd: int = ROOT, new_fd: int = ROOT, follow: int = 0) -> int:
        return self.call("path_link", fd, follow, *self.text(path), new_fd, *self.text(new, TEXT2))

    def rename(self, path, new, fd: int = ROOT, new_fd: int = ROOT) -> int:
        return self.call("path_rename", fd, *self.text(path), new_fd, *self.text(new, TEXT2))

    def mkdir(self, path, fd: int = ROOT) -> int:
        return self.path("path_create_directory", fd, path)

    def rmdir(self, path, fd: int = ROOT) -> int:
        return self.path("path_remove_directory", fd, path)

    def unlink(self, path, fd: int = ROOT) -> int:
        return self.path("path_unlink_file", fd, path)

    def make(self, path: str, data: bytes = b"") -> None:
        fd = self.opened(path, CREAT | TRUNC)
        assert self.write(fd, data) == (0, len(data))
        assert self.call("fd_close", fd) == 0


class DirectGuest(Guest):
    """Calls the functions straight from Python, over a memory without a module."""

    def __init__(self, vfs: Vfs | None = None, **options) -> None:
        self.engine = Engine()
        self.store = Store(self.engine)
        self.memory = GuestMemory(self.store, Memory(self.store, MemoryType(Limits(2, 2))))
        self.vfs = vfs
        self.clock = options.pop("clock", None) or (vfs.clock if vfs else Clock())
        self.out, self.err = bytearray(), bytearray()
        self.wasi = Preview1(
            vfs=vfs,
            clock=self.clock,
            random=random.Random(1),
            stdout=self.out.extend,
            stderr=self.err.extend,
            **options,
        )
        self.wasi.bind(self.memory)

    def call(self, name: str, *args: int) -> int | None:
        return self.wasi.call(name, args)

    def close(self) -> None:
        self.wasi.close()
        self.store.close()
        self.engine.close()


class ModuleGuest(Guest):
    """Calls through a WebAssembly module, over this project's WASI, or over wasmtime's own in a folder."""

    def __init__(self, host: Vfs | Path) -> None:
        self.engine = Engine()
        self.store = Store(self.engine)
        self.module = Module(self.engine, _trampoline())
        self.linker = Linker(self.engine)
        self.wasi = None
        if isinstance(host, Path):
            self._use_wasmtime(host)
        else:
            self._use_refhost(host)
        self.instance: Instance = self.linker.instantiate(self.store, self.module)
        exports = self.instance.exports(self.store)
        self.functions: dict[str, Func] = {name: exports[name] for name in FUNCTIONS}
        self.memory = GuestMemory(self.store, exports["memory"])
        if self.wasi:
            self.wasi.bind(self.memory)

    def _use_wasmtime(self, folder: Path) -> None:
        config = WasiConfig()
        config.preopen_dir(str(folder), "/")
        self.store.set_wasi(config)
        self.linker.define_wasi()

    def _use_refhost(self, vfs: Vfs) -> None:
        self.wasi = Preview1(
            vfs=vfs,
            clock=vfs.clock,
            random=random.Random(1),
            stdout=lambda data: None,
            stderr=lambda data: None,
        )
        types = {"i32": ValType.i32, "i64": ValType.i64}
        for function in FUNCTIONS.values():
            kind = FuncType([types[name]() for name in function.params], [types[name]() for name in function.results])
            self.linker.define_func(MODULE, function.name, kind, self.wasi.function(function.name))

    def call(self, name: str, *args: int) -> int | None:
        return self.functions[name](self.store, *args)

    def close(self) -> None:
        if self.wasi:
            self.wasi.close()
        self.linker.close()
        self.store.close()
        self.module.close()
        self.engine.close()
