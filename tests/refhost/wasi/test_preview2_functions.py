"""The functions of WASI 0.2 one by one, as Python has them: resources as objects, errors as `Failure` (§5)."""

from __future__ import annotations

import errno
import random

import pytest
from wasmtime import component as wc

from refhost.clock import Clock
from refhost.errors import GuestExit, PluginTrap
from refhost.wasi.preview2 import Preview2
from refhost.wasi.preview2.http.errors import HttpFault
from refhost.wasi.preview2.registry import Failure
from refhost.wasi.preview2.streams import PERMIT, Error
from refhost.wasi.preview2.values import record
from refhost.wasi.vfs import Vfs

TYPES = "wasi:filesystem/types"
STREAMS = "wasi:io/streams"
NOW, KEEP = wc.Variant("now"), wc.Variant("no-change")


class Plugin:
    def __init__(self, vfs):
        self.vfs = vfs
        self.clock = vfs.clock if vfs else Clock()
        self.out, self.err = bytearray(), bytearray()
        self.wasi = Preview2(
            vfs=vfs,
            clock=self.clock,
            random=random.Random(1),
            args=("a", "b"),
            stdin=b"typed",
            stdout=self.out.extend,
            stderr=self.err.extend,
        )

    def call(self, interface, name, *arguments):
        return self.wasi.function(f"wasi:{interface}", name)(*arguments)

    def fs(self, name, *arguments):
        return self.wasi.function(TYPES, f"[method]descriptor.{name}")(*arguments)

    def stream(self, name, *arguments):
        return self.wasi.function(STREAMS, f"[method]{name}")(*arguments)

    @property
    def root(self):
        ((descriptor, name),) = self.call("filesystem/preopens", "get-directories")
        assert name == "/"
        return descriptor

    def open(self, path, create=(), flags=("read", "write"), *, at=None, follow=()):
        return self.fs("open-at", at or self.root, set(follow), path, set(create), set(flags))


@pytest.fixture
def plugin(vfs):
    plugin = Plugin(vfs)
    yield plugin
    plugin.wasi.close()


def fails(function, *arguments, **options):
    with pytest.raises(Failure) as caught:
        function(*arguments, **options)
    value = caught.value.value
    return value.tag if isinstance(value, wc.Variant) else value


def test_open_flags(plugin, vfs):
    assert fails(plugin.open, "data/x") == "no-entry"
    plugin.open("data/x", {"create"})
    assert fails(plugin.open, "data/x", {"create", "exclusive"}) == "exist"
    vfs.write("/data/x", b"old")
    plugin.open("data/x", {"truncate"}, {"read"})
    assert vfs.read("/data/x") == b""
    assert fails(plugin.open, "data/x", {"directory"}, {"read"}) == "not-directory"
    assert fails(plugin.open, "data", {"directory", "create"}) == "invalid"
    assert fails(plugin.open, "data", (), {"write"}) == "is-directory"
    assert fails(plugin.open, "data/x", (), {"file-integrity-sync"}) == "unsupported"
    assert fails(plugin.open, "y", at=plugin.open("data/x")) == "not-directory"
    assert plugin.fs("get-flags", plugin.open("data/x", (), {"read"})) == {"read"}
    assert plugin.fs("get-flags", plugin.open("data/x")) == {"read", "write"}
    assert plugin.fs("get-flags", plugin.open("data", {"directory"}, {"read"})) == {"read"}
    assert plugin.fs("get-flags", plugin.root) == {"read", "mutate-directory"}
    assert plugin.fs("get-type", plugin.root) == "directory"
    assert plugin.fs("get-type", plugin.open("data/x")) == "regular-file"


@pytest.mark.parametrize("path", ["../canary", "/data", "data/../..", ".."])
def test_paths_that_leave_are_refused(plugin, vfs, path):
    vfs.write("/data/x", b"")
    root, before = plugin.root, vfs.tree_hash()
    for call in (
        lambda: plugin.open(path, {"create"}),
        lambda: plugin.fs("stat-at", root, {"symlink-follow"}, path),
        lambda: plugin.fs("set-times-at", root, set(), path, NOW, NOW),
        lambda: plugin.fs("create-directory-at", root, path),
        lambda: plugin.fs("remove-directory-at", root, path),
        lambda: plugin.fs("unlink-file-at", root, path),
        lambda: plugin.fs("readlink-at", root, path),
        lambda: plugin.fs("link-at", root, set(), "data/x", root, path),
        lambda: plugin.fs("link-at", root, set(), path, root, "data/y"),
        lambda: plugin.fs("rename-at", root, "data/x", root, path),
        lambda: plugin.fs("rename-at", root, path, root, "data/y"),
        lambda: plugin.fs("symlink-at", root, "x", path),
        lambda: plugin.fs("metadata-hash-at", root, set(), path),
    ):
        assert fails(call) == "not-permitted"
    assert fails(plugin.fs, "symlink-at", root, "../../canary", "data/l") == "not-permitted"
    assert vfs.tree_hash() == before


def test_read_and_write(plugin, vfs):
    file = plugin.open("data/x", {"create"})
    assert plugin.fs("write", file, b"hello", 2) == 5
    assert vfs.read("/data/x") == b"\0\0hello"
    assert plugin.fs("read", file, 100, 4) == (b"llo", False)
    assert plugin.fs("read", file, 100, 7) == (b"", True)
    assert plugin.fs("set-size", file, 3) is None
    assert plugin.fs("stat", file).size == 3
    assert fails(plugin.fs, "write", plugin.open("data/x", (), {"read"}), b"x", 0) == "bad-descriptor"
    assert fails(plugin.fs, "read", plugin.open("data/x", (), {"write"}), 1, 0) == "bad-descriptor"
    assert fails(plugin.fs, "set-size", file, 1 << 40) == "file-too-large"
    assert fails(plugin.fs, "write", file, b"x", 1 << 63) == "invalid"
    for name, arguments in (
        ("read", (1, 0)),
        ("write", (b"", 0)),
        ("set-size", (0,)),
        ("advise", (0, 0, "normal")),
    ):
        assert fails(plugin.fs, name, plugin.root, *arguments) == "bad-descriptor"
    assert plugin.fs("advise", file, 0, 10, "random") is None
    assert fails(plugin.fs, "advise", file, 0, 1 << 63, "random") == "invalid"
    assert plugin.fs("sync", file) is plugin.fs("sync-data", plugin.root) is None


def test_one_read_is_bounded(plugin, vfs):
    vfs.write("/data/x", bytes(PERMIT * 2))
    data, end = plugin.fs("read", plugin.open("data/x"), 1 << 40, 0)
    assert (len(data), end) == (PERMIT, False)


def test_input_streams(plugin, vfs):
    vfs.write("/data/x", b"hello")
    stream = plugin.fs("read-via-stream", plugin.open("data/x"), 1)
    assert plugin.stream("input-stream.read", stream, 2) == b"el"
    assert plugin.stream("input-stream.read", stream, 0) == b""
    assert plugin.stream("input-stream.blocking-skip", stream, 1) == 1
    assert plugin.call("io/poll", "[method]pollable.ready", plugin.stream("input-stream.subscribe", stream))
    assert plugin.stream("input-stream.blocking-read", stream, 9) == b"o"
    assert fails(plugin.stream, "input-stream.read", stream, 9) == "closed"
    vfs.write("/data/x", b"hello again")
    assert fails(plugin.stream, "input-stream.read", stream, 9) == "closed", "closed for good"
    assert fails(plugin.fs, "read-via-stream", plugin.root, 0) == "is-directory"
    assert fails(plugin.fs, "write-via-stream", plugin.root, 0) == "bad-descriptor"


def test_output_streams(plugin, vfs):
    file = plugin.open("data/x", {"create"})
    stream = plugin.fs("write-via-stream", file, 1)
    assert plugin.stream("output-stream.check-write", stream) == PERMIT
    plugin.stream("output-stream.write", stream, b"ab")
    plugin.stream("output-stream.blocking-write-and-flush", stream, b"cd")
    plugin.stream("output-stream.write-zeroes", stream, 1)
    plugin.stream("output-stream.blocking-write-zeroes-and-flush", stream, 1)
    plugin.stream("output-stream.flush", stream)
    assert vfs.read("/data/x") == b"\0abcd\0\0"
    plugin.stream("output-stream.write", plugin.fs("append-via-stream", file), b"end")
    assert vfs.read("/data/x") == b"\0abcd\0\0end"
    for name, argument in (
        ("write", bytes(PERMIT + 1)),
        ("write-zeroes", PERMIT + 1),
        ("blocking-write-and-flush", bytes(4097)),
        ("blocking-write-zeroes-and-flush", 4097),
    ):
        with pytest.raises(PluginTrap, match="more than"):
            plugin.stream(f"output-stream.{name}", stream, argument)


def test_an_error_closes_a_stream(plugin, vfs):
    stream = plugin.fs("write-via-stream", plugin.open("data/x", {"create"}), 0)
    vfs.faults.append(lambda operation: "EIO" if operation.name == "write" else None)
    with pytest.raises(Failure) as caught:
        plugin.stream("output-stream.write", stream, b"x")
    error = caught.value.value.payload
    assert plugin.call("filesystem/types", "filesystem-error-code", error) == "io"
    assert "error" in plugin.call("io/error", "[method]error.to-debug-string", error).lower()
    vfs.faults.clear()
    for name, arguments in (("write", (b"x",)), ("check-write", ()), ("flush", ())):
        assert fails(plugin.stream, f"output-stream.{name}", stream, *arguments) == "closed"


def test_splice(plugin, vfs):
    vfs.write("/data/x", b"hello")
    source = plugin.fs("read-via-stream", plugin.open("data/x"), 0)
    out = plugin.call("cli/stdout", "get-stdout")
    assert plugin.stream("output-stream.splice", out, source, 3) == 3
    assert plugin.stream("output-stream.blocking-splice", out, source, 9) == 2
    assert fails(plugin.stream, "output-stream.splice", out, source, 9) == "closed"
    assert plugin.out == b"hello"


def test_standard_streams(plugin):
    one, two = plugin.call("cli/stdin", "get-stdin"), plugin.call("cli/stdin", "get-stdin")
    assert plugin.stream("input-stream.read", one, 3) == b"typ"
    assert plugin.stream("input-stream.read", two, 9) == b"ed"
    plugin.stream("output-stream.write", plugin.call("cli/stderr", "get-stderr"), b"oh")
    assert plugin.err == b"oh"
    assert plugin.call("cli/terminal-stdout", "get-terminal-stdout") is None


def test_directories_and_links(plugin, vfs):
    root = plugin.root
    vfs.write("/data/x", b"1")
    plugin.fs("create-directory-at", root, "data/d")
    assert fails(plugin.fs, "create-directory-at", root, "data/d") == "exist"
    plugin.fs("link-at", root, set(), "data/x", root, "data/d/y")
    assert fails(plugin.fs, "link-at", root, {"symlink-follow"}, "data/x", root, "data/z") == "invalid"
    plugin.fs("symlink-at", root, "d/y", "data/l")
    assert plugin.fs("readlink-at", root, "data/l") == "d/y"
    assert plugin.fs("stat-at", root, set(), "data/l").type == "symbolic-link"
    stat = plugin.fs("stat-at", root, {"symlink-follow"}, "data/l")
    assert (stat.type, getattr(stat, "link-count"), stat.size) == ("regular-file", 2, 1)
    assert fails(plugin.open, "data/l") == "loop"
    assert plugin.fs("is-same-object", plugin.open("data/l", follow={"symlink-follow"}), plugin.open("data/x"))
    assert not plugin.fs("is-same-object", plugin.open("data/x"), root)
    assert plugin.fs("metadata-hash", plugin.open("data/x")) == plugin.fs("metadata-hash-at", root, set(), "data/d/y")
    entries = plugin.fs("read-directory", plugin.open("data", {"directory"}, {"read"}))
    read = plugin.wasi.function(TYPES, "[method]directory-entry-stream.read-directory-entry")
    found = [(entry.name, entry.type) for entry in iter(lambda: read(entries), None)]
    assert found == [("d", "directory"), ("l", "symbolic-link"), ("x", "regular-file")]
    assert fails(plugin.fs, "remove-directory-at", root, "data/d") == "not-empty"
    plugin.fs("rename-at", root, "data/d/y", plugin.open("tmp", {"directory"}, {"read"}), "y")
    plugin.fs("remove-directory-at", root, "data/d")
    plugin.fs("unlink-file-at", root, "data/l")
    assert fails(plugin.fs, "unlink-file-at", root, "data") == "is-directory"
    assert vfs.files() == {"/data/x": b"1", "/tmp/y": b"1"}


def test_times(plugin, vfs):
    file = plugin.open("data/x", {"create"})
    moment = wc.Variant("timestamp", record(seconds=3, nanoseconds=4))
    plugin.fs("set-times", file, moment, KEEP)
    stat = plugin.fs("stat", file)
    assert getattr(stat, "data-access-timestamp") == record(seconds=3, nanoseconds=4)
    plugin.clock.pass_time(10**9)
    plugin.fs("set-times-at", plugin.root, set(), "data/x", KEEP, NOW)
    assert file.file.stat().mtime_ns == plugin.clock.now_ns
    for seconds, nanoseconds in ((0, 10**9), (2**64 - 1, 0)):
        late = wc.Variant("timestamp", record(seconds=seconds, nanoseconds=nanoseconds))
        assert fails(plugin.fs, "set-times", file, late, KEEP) == "invalid"


def test_clocks(plugin):
    wall = plugin.call("clocks/wall-clock", "now")
    assert wall.seconds * 10**9 + wall.nanoseconds == plugin.clock.now_ns
    assert plugin.call("clocks/monotonic-clock", "now") == 2000
    assert plugin.call("clocks/monotonic-clock", "resolution") == 1000
    assert plugin.call("clocks/wall-clock", "resolution") == record(seconds=0, nanoseconds=1000)
    assert plugin.call("clocks/timezone", "utc-offset", wall) == 0
    assert plugin.call("clocks/timezone", "display", wall).name == "UTC"


def test_waiting(plugin):
    timer = plugin.call("clocks/monotonic-clock", "subscribe-duration", 500)
    late = plugin.call("clocks/monotonic-clock", "subscribe-instant", 2000)
    assert not plugin.call("io/poll", "[method]pollable.ready", timer)
    assert plugin.call("io/poll", "poll", [late, timer]) == [1]
    assert plugin.clock.elapsed_ns == 500
    plugin.call("io/poll", "[method]pollable.block", late)
    assert plugin.clock.elapsed_ns == 2000
    assert plugin.call("io/poll", "poll", [late, timer]) == [0, 1]
    plugin.call("io/poll", "[method]pollable.block", timer)
    assert plugin.clock.elapsed_ns == 2000


def test_randomness_is_seeded(plugin):
    other = Plugin(Vfs())
    for name, arguments in (
        ("wasi:random/random get-random-bytes", (9,)),
        ("wasi:random/insecure get-insecure-random-bytes", (9,)),
        ("wasi:random/random get-random-u64", ()),
        ("wasi:random/insecure get-insecure-random-u64", ()),
        ("wasi:random/insecure-seed insecure-seed", ()),
    ):
        key = name.split()
        assert plugin.wasi.function(*key)(*arguments) == other.wasi.function(*key)(*arguments)


def test_an_error_of_a_stream_is_told_by_the_package_that_it_is_from(plugin):
    file, body = Error(OSError(errno.ENOSPC, "full")), Error(HttpFault(wc.Variant("connection-terminated"), "cut off"))
    assert plugin.call("filesystem/types", "filesystem-error-code", file) == "insufficient-space"
    assert plugin.call("filesystem/types", "filesystem-error-code", body) is None
    assert plugin.call("http/types", "http-error-code", file) is None
    assert plugin.call("http/types", "http-error-code", body) == wc.Variant("connection-terminated")
    assert plugin.call("sockets/network", "network-error-code", file) is None
    assert plugin.call("io/error", "[method]error.to-debug-string", body) == "cut off"


def test_surroundings(plugin):
    assert plugin.call("cli/environment", "get-arguments") == ["a", "b"]
    assert plugin.call("cli/environment", "get-environment") == []
    assert plugin.call("cli/environment", "initial-cwd") is None
    with pytest.raises(GuestExit) as caught:
        plugin.call("cli/exit", "exit-with-code", 7)
    assert caught.value.code == 7
    assert Plugin(None).call("filesystem/preopens", "get-directories") == []


def test_a_stream_keeps_its_file_when_the_descriptor_is_dropped(plugin, vfs):
    vfs.write("/data/x", b"hello")
    file = plugin.open("data/x")
    stream = plugin.fs("read-via-stream", file, 0)
    file.close()
    vfs.remove("/data/x")
    assert plugin.stream("input-stream.read", stream, 9) == b"hello"
    stream.close()
    assert [operation.name for operation in vfs.operations] == ["open", "read", "close"]
