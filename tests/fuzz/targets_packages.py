"""Targets in `refhost`: what is loaded, and the files of users around it."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from functools import cache

import wasmtime
from target import JSON_WORDS, Target, file_of, folder, some_deltas, told

from conformance.host_trial import binary as probe
from refhost import arguments
from refhost.binary import is_component, read_core
from refhost.capabilities import Grants
from refhost.engine import COMPILER
from refhost.inspection import inspect
from refhost.jsontext import dumps
from refhost.package import PluginPackage, read_package
from refhost.services.recording import read_recording
from refhost.storage import folder_name
from refhost.world import read_component

# What stands in a binary.


def _binary(data: bytes) -> None:
    try:
        with told():
            found = read_component(data) if is_component(data) else read_core(data)
            for problem in found.problems():
                assert problem.message
            if not is_component(data):
                found.ungranted(Grants.declared({}))
        with told():
            inspected = inspect(PluginPackage("", data, "x.wasm", Grants.declared({})))
            json.dumps(inspected.to_json())
            inspected.to_text().encode()
    finally:
        COMPILER.close()


_WAT = """(module (import "env" "sk_debug" (func (param i32 i32))) (import "wasi_snapshot_preview1" "fd_write"
 (func (param i32 i32 i32 i32) (result i32))) (import "as-fetch" "_fetchGET" (func (param i32)))
 (memory (export "memory") 1) (table 2 funcref) (global (mut i32) (i32.const 7)) (data (i32.const 8) "{}")
 (func (export "plugin_id") (param i32 i32) (result i32) i32.const 2) (func (export "allocate") (param i32) (result i32) i32.const 8)
 (func (export "plugin_name") (param i32 i32) (result i32) i32.const 2) (func (export "plugin_start") (param i32 i32) (result i32) i32.const 0)
 (func (export "plugin_schema") (param i32 i32) (result i32) i32.const 2) (func (export "plugin_stop") (result i32) i32.const 0))"""


_TYPES = """(module (type $s (struct (field i8) (field (mut (ref null $s))))) (rec (type $a (sub (array i16))) (type $b (sub final $a (array i16))))
 (type $f (func (param v128 (ref null $s) (ref func)) (result exnref i31ref))) (import "env" "f" (func (type $f)))
 (import "env" "t" (table 1 2 anyref)) (import "env" "g" (global (mut v128))) (import "env" "tag" (tag (param i32)))
 (memory (export "memory") i64 1 2) (func (export "plugin_id") (param v128)) (func (export "allocate") (result (ref null $a)) ref.null $a))"""


@cache
def _cores() -> tuple[bytes, ...]:
    made = (bytes(wasmtime.wat2wasm(text)) for text in (_WAT, _TYPES))
    return (*made, probe("plain"), probe("plain-assemblyscript"), probe("plain-command"))


@cache
def _components() -> tuple[bytes, ...]:
    small = '(component (import "wasi:cli/environment@0.2.3" (instance (export "get-arguments" (func)))))'
    return (bytes(wasmtime.wat2wasm(small)), probe("plain-component"), probe("plain-http"))


_WASM_WORDS = (
    b"\0asm\x01\0\0\0",
    b"\0asm\x0d\0\1\0",
    b"\x60",
    b"\x7f",
    b"\x70",
    b"\x6f",
    b"\x03env",
    b"\x06memory",
    b"\x0b",
)


def _text_form(data: bytes) -> None:
    with told():
        read_package(file_of(data, "x.wat"))


# What surrounds it.


def _manifest(data: bytes) -> None:
    file_of(data, "package.json")
    file_of(b"\0asm\x01\0\0\0", "plugin.wasm")
    with told():
        read = read_package(folder())
        assert read.binary == b"\0asm\x01\0\0\0" or not read.manifest["wasmManifest"].endswith("plugin.wasm")
        _all_of(read)
    with told():
        _all_of(read_package(folder() / "plugin.wasm"))


def _all_of(read: PluginPackage) -> None:
    assert folder_name(read.id) not in {"", ".", ".."}
    assert "/" not in folder_name(read.id)
    repr((read.name, read.version, read.requires, read.recommends, read.enabled_by_default, read.deprecated))


_MANIFEST = {
    "name": "@a/b",
    "version": "1.0.0",
    "keywords": ["signalk-wasm-plugin", "signalk-deprecated"],
    "wasmManifest": "plugin.wasm",
    "wasmCapabilities": {"network": True, "storage": "vfs-only", "netwrk": 1},
    "signalk": {"requires": ["c"], "recommends": ["d"], "deprecated": "yes", "displayName": "B"},
    "signalk-plugin-enabled-by-default": True,
}
_MANIFEST_WORDS = (
    *JSON_WORDS,
    b"../",
    b"/etc/passwd",
    b'"wasmManifest":',
    b'"name":',
    b"public",
    b"plugin.wasm/..",
    b"\\",
)


def _archive(data: bytes) -> None:
    """A tar, which is packed here: what is changed in a packed one is mostly noise."""
    packed = data if data[:2] == b"\x1f\x8b" else gzip.compress(data, 1, mtime=0)
    with told():
        read = read_package(file_of(packed, "x.tgz"))
        assert all(".." not in name.split("/") for name in read.public)
        _all_of(read)


@cache
def _archives() -> tuple[bytes, ...]:
    made = []
    for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w", format=form) as tar:
            for name, data in (
                ("package/package.json", json.dumps(_MANIFEST).encode()),
                ("package/plugin.wasm", b"\0asm\x01\0\0\0"),
                ("package/public/" + "long/" * 30 + "index.html", b"<p>"),
            ):
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
            link = tarfile.TarInfo("package/public/link")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(link)
        made.append(stream.getvalue()[: stream.getvalue().rstrip(b"\0").__len__() + 1024])
    return (*made, gzip.compress(made[0], mtime=0))


_TAR_WORDS = (b"0", b"1", b"2", b"L", b"x", b"g", b"S", b"ustar\x0000", b"ustar  \0", b"77777777777\0", b"\x80\0\0\0\0\0\0\1", b"../",
              b"28 path=package/package.json\n", b"20 size=99999999999\n", b"18 GNU.sparse.size=9\n")  # fmt: skip


def _lines(data: bytes) -> None:
    file = file_of(data, "x.jsonl")
    with told():
        for line in arguments.lines_in(file):
            assert "\n" not in line
    with told():
        arguments.json_object_or_file(f"@{file}")


def _recording(data: bytes) -> None:
    with told():
        for rule in read_recording(file_of(data, "x.json")):
            rule.url.matches("https://example.org/weather")


_RECORDING = {
    "method": "get",
    "url": "https://example.org/*",
    "status": 200,
    "headers": {"a": "b"},
    "body": {"x": 1},
    "times": 2,
}
_RECORDED = (
    dumps([_RECORDING]).encode(),
    dumps([{"url": "https://*", "bodyBase64": "AAEC", "delay": 0.5}, {**_RECORDING, "status": 0}]).encode(),
)
_RECORDING_WORDS = (
    *JSON_WORDS,
    b'"bodyBase64":',
    b'"times":',
    b'"delay":',
    b'"status":',
    b'"url":',
    b'"body":',
    b'"headers":',
)


PACKAGE_TARGETS = {
    "binary": Target(_binary, _cores, _WASM_WORDS, 12),
    "component": Target(_binary, _components, _WASM_WORDS, 6),
    "wat": Target(
        _text_form,
        lambda: (_WAT.encode(), b"(component)", b'(module (func (export "f")))'),
        (b"(", b")", b'"', b"(module", b"(component", b"i32.const ", b"(func", b";;", b"(;", b"\\00", b"$"),
        20,
    ),
    "manifest": Target(_manifest, lambda: (json.dumps(_MANIFEST).encode(),), _MANIFEST_WORDS, 30),
    "archive": Target(_archive, _archives, _TAR_WORDS, 15, 65536),
    "lines": Target(_lines, lambda: (*some_deltas()[:20], gzip.compress(b"{}\n" * 20, mtime=0)), JSON_WORDS, 30),
    "recording": Target(_recording, lambda: _RECORDED, _RECORDING_WORDS, 50),
}
