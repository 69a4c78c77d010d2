"""Components for the tests of WASI 0.2: the same imports always, and a core function `run` made to order."""

from __future__ import annotations

import random
from functools import cache

import wasmtime
from wasmtime import component as wc

from refhost.wasi.preview2 import Preview2
from refhost.wasi.preview2.lending import allow_two_borrows

TEXT = """
(component
  (import "wasi:io/error@VERSION" (instance $error
    (export "error" (type $e (sub resource)))
    (export "[method]error.to-debug-string" (func (param "self" (borrow $e)) (result string)))))
  (alias export $error "error" (type $Error))
  (import "wasi:io/poll@VERSION" (instance $poll
    (export "pollable" (type $p (sub resource)))
    (export "[method]pollable.ready" (func (param "self" (borrow $p)) (result bool)))
    (export "poll" (func (param "in" (list (borrow $p))) (result (list u32))))))
  (alias export $poll "pollable" (type $Pollable))
  (import "wasi:io/streams@VERSION" (instance $streams
    (alias outer 1 $Error (type $e'))
    (export "error" (type $e (eq $e')))
    (type $se' (variant (case "last-operation-failed" (own $e)) (case "closed")))
    (export "stream-error" (type $se (eq $se')))
    (export "input-stream" (type $i (sub resource)))
    (export "output-stream" (type $o (sub resource)))
    (export "[method]input-stream.read"
      (func (param "self" (borrow $i)) (param "len" u64) (result (result (list u8) (error $se)))))
    (export "[method]output-stream.blocking-write-and-flush"
      (func (param "self" (borrow $o)) (param "contents" (list u8)) (result (result (error $se)))))
    (export "[method]output-stream.splice"
      (func (param "self" (borrow $o)) (param "src" (borrow $i)) (param "len" u64)
        (result (result u64 (error $se)))))))
  (alias export $streams "input-stream" (type $Input))
  (alias export $streams "output-stream" (type $Output))
  (import "wasi:clocks/wall-clock@VERSION" (instance $wall
    (type $d' (record (field "seconds" u64) (field "nanoseconds" u32)))
    (export "datetime" (type $d (eq $d')))
    (export "now" (func (result $d)))))
  (alias export $wall "datetime" (type $Datetime))
  (import "wasi:clocks/monotonic-clock@VERSION" (instance $clock
    (alias outer 1 $Pollable (type $p'))
    (export "pollable" (type $p (eq $p')))
    (export "now" (func (result u64)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
  (import "wasi:filesystem/types@VERSION" (instance $fs
    (export "descriptor" (type $d (sub resource)))
    (export "directory-entry-stream" (type $ds (sub resource)))
    (alias outer 1 $Input (type $i'))
    (export "input-stream" (type $i (eq $i')))
    (alias outer 1 $Output (type $o'))
    (export "output-stream" (type $o (eq $o')))
    (alias outer 1 $Error (type $er'))
    (export "error" (type $er (eq $er')))
    (alias outer 1 $Datetime (type $dt'))
    (export "datetime" (type $dt (eq $dt')))
    (type $dty' (enum "unknown" "block-device" "character-device" "directory" "fifo" "symbolic-link"
      "regular-file" "socket"))
    (export "descriptor-type" (type $dty (eq $dty')))
    (type $df' (flags "read" "write" "file-integrity-sync" "data-integrity-sync" "requested-write-sync"
      "mutate-directory"))
    (export "descriptor-flags" (type $df (eq $df')))
    (type $pf' (flags "symlink-follow"))
    (export "path-flags" (type $pf (eq $pf')))
    (type $of' (flags "create" "directory" "exclusive" "truncate"))
    (export "open-flags" (type $of (eq $of')))
    (type $st' (record (field "type" $dty) (field "link-count" u64) (field "size" u64)
      (field "data-access-timestamp" (option $dt)) (field "data-modification-timestamp" (option $dt))
      (field "status-change-timestamp" (option $dt))))
    (export "descriptor-stat" (type $st (eq $st')))
    (type $nt' (variant (case "no-change") (case "now") (case "timestamp" $dt)))
    (export "new-timestamp" (type $nt (eq $nt')))
    (type $de' (record (field "type" $dty) (field "name" string)))
    (export "directory-entry" (type $de (eq $de')))
    (type $ec' (enum "access" "would-block" "already" "bad-descriptor" "busy" "deadlock" "quota" "exist"
      "file-too-large" "illegal-byte-sequence" "in-progress" "interrupted" "invalid" "io" "is-directory"
      "loop"
      "too-many-links" "message-size" "name-too-long" "no-device" "no-entry" "no-lock"
      "insufficient-memory"
      "insufficient-space" "not-directory" "not-empty" "not-recoverable" "unsupported" "no-tty"
      "no-such-device" "overflow" "not-permitted" "pipe" "read-only" "invalid-seek" "text-file-busy"
      "cross-device"))
    (export "error-code" (type $ec (eq $ec')))
    (export "[method]descriptor.open-at" (func (param "self" (borrow $d)) (param "path-flags" $pf)
      (param "path" string) (param "open-flags" $of) (param "flags" $df)
      (result (result (own $d) (error $ec)))))
    (export "[method]descriptor.stat" (func (param "self" (borrow $d)) (result (result $st (error $ec)))))
    (export "[method]descriptor.read" (func (param "self" (borrow $d)) (param "length" u64)
      (param "offset" u64) (result (result (tuple (list u8) bool) (error $ec)))))
    (export "[method]descriptor.set-times" (func (param "self" (borrow $d))
      (param "data-access-timestamp" $nt) (param "data-modification-timestamp" $nt)
      (result (result (error $ec)))))
    (export "[method]descriptor.readlink-at" (func (param "self" (borrow $d)) (param "path" string)
      (result (result string (error $ec)))))
    (export "[method]descriptor.rename-at" (func (param "self" (borrow $d)) (param "old-path" string)
      (param "new-descriptor" (borrow $d)) (param "new-path" string) (result (result (error $ec)))))
    (export "[method]descriptor.read-via-stream" (func (param "self" (borrow $d)) (param "offset" u64)
      (result (result (own $i) (error $ec)))))
    (export "[method]descriptor.write-via-stream" (func (param "self" (borrow $d)) (param "offset" u64)
      (result (result (own $o) (error $ec)))))
    (export "[method]descriptor.read-directory" (func (param "self" (borrow $d))
      (result (result (own $ds) (error $ec)))))
    (export "[method]directory-entry-stream.read-directory-entry" (func (param "self" (borrow $ds))
      (result (result (option $de) (error $ec)))))
    (export "filesystem-error-code" (func (param "err" (borrow $er)) (result (option $ec))))))
  (alias export $fs "descriptor" (type $Descriptor))
  (import "wasi:filesystem/preopens@VERSION" (instance $preopens
    (alias outer 1 $Descriptor (type $d'))
    (export "descriptor" (type $d (eq $d')))
    (export "get-directories" (func (result (list (tuple (own $d) string)))))))
  (import "wasi:cli/exit@VERSION" (instance $exit
    (export "exit" (func (param "status" (result))))))
  (import "wasi:cli/environment@VERSION" (instance $environment
    (export "get-environment" (func (result (list (tuple string string)))))
    (export "initial-cwd" (func (result (option string))))))
  (import "wasi:cli/stdout@VERSION" (instance $stdout
    (alias outer 1 $Output (type $o'))
    (export "output-stream" (type $o (eq $o')))
    (export "get-stdout" (func (result (own $o))))))
  (import "wasi:random/random@VERSION" (instance $random
    (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
  (import "wasi:sockets/network@VERSION" (instance $network
    (type $ec' (enum "unknown" "access-denied" "not-supported" "invalid-argument" "out-of-memory" "timeout"
      "concurrency-conflict" "not-in-progress" "would-block" "invalid-state" "new-socket-limit"
      "address-not-bindable" "address-in-use" "remote-unreachable" "connection-refused" "connection-reset"
      "connection-aborted" "datagram-too-large" "name-unresolvable" "temporary-resolver-failure"
      "permanent-resolver-failure"))
    (export "error-code" (type $ec (eq $ec')))
    (type $af' (enum "ipv4" "ipv6"))
    (export "ip-address-family" (type $af (eq $af')))))
  (alias export $network "error-code" (type $NetworkError))
  (alias export $network "ip-address-family" (type $Family))
  (import "wasi:sockets/tcp@VERSION" (instance $tcp (export "tcp-socket" (type $t (sub resource)))))
  (alias export $tcp "tcp-socket" (type $Tcp))
  (import "wasi:sockets/tcp-create-socket@VERSION" (instance $sockets
    (alias outer 1 $NetworkError (type $ec'))
    (export "error-code" (type $ec (eq $ec')))
    (alias outer 1 $Family (type $af'))
    (export "ip-address-family" (type $af (eq $af')))
    (alias outer 1 $Tcp (type $t'))
    (export "tcp-socket" (type $t (eq $t')))
    (export "create-tcp-socket" (func (param "address-family" $af) (result (result (own $t) (error $ec)))))))
  EXTRA

  (core module $Memory
    (memory (export "memory") 4)
    (global $next (mut i32) (i32.const 65536))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $memory (instantiate $Memory))
  (alias core export $memory "memory" (core memory $mem))
  (alias core export $memory "realloc" (core func $realloc))
  LOWERED
  (core func $drop-descriptor (canon resource.drop $Descriptor))
  (core func $drop-output (canon resource.drop $Output))
  (core module $Run
    (import "" "memory" (memory 4))
    IMPORTS
    (import "" "drop-descriptor" (func $drop-descriptor (param i32)))
    (import "" "drop-output" (func $drop-output (param i32)))
    (data (i32.const 1024) "data/x")
    (data (i32.const 1040) "hello")
    (data (i32.const 1056) "../canary")
    (data (i32.const 1072) "data/y")
    (data (i32.const 1088) "data")
    (func $root (result i32)
      (call $get-directories (i32.const 16))
      (i32.load (i32.load (i32.const 16))))
    ;; the handle of data/x, opened with these open-flags, to read and to write
    (func $open (param $flags i32) (result i32)
      (call $open-at (call $root) (i32.const 0) (i32.const 1024) (i32.const 6) (local.get $flags)
        (i32.const 3) (i32.const 32))
      (if (i32.load8_u (i32.const 32)) (then unreachable))
      (i32.load (i32.const 36)))
    ;; hello, written to a stream over it: 0, or the discriminant of the error plus 1
    (func $write (param $file i32) (result i32)
      (call $write-via-stream (local.get $file) (i64.const 0) (i32.const 48))
      (if (i32.load8_u (i32.const 48)) (then unreachable))
      (call $write-and-flush (i32.load (i32.const 52)) (i32.const 1040) (i32.const 5) (i32.const 64))
      (if (result i32) (i32.load8_u (i32.const 64))
        (then (i32.add (i32.load8_u (i32.const 68)) (i32.const 1))) (else (i32.const 0))))
    (func (export "run") (result i32) (local $a i32) (local $b i32) BODY))
  (core instance $run (instantiate $Run (with "" (instance
    (export "memory" (memory $mem))
    EXPORTS
    (export "drop-descriptor" (func $drop-descriptor))
    (export "drop-output" (func $drop-output))))))
  (alias core export $run "run" (core func $run-it))
  (func (export "run") (result u32) (canon lift (core func $run-it))))
"""

# Core name, instance, function, core parameters and results.
FUNCTIONS = [
    ("to-debug-string", "error", "[method]error.to-debug-string", "i32 i32", ""),
    ("poll", "poll", "poll", "i32 i32 i32", ""),
    ("ready", "poll", "[method]pollable.ready", "i32", "i32"),
    ("read-stream", "streams", "[method]input-stream.read", "i32 i64 i32", ""),
    ("write-and-flush", "streams", "[method]output-stream.blocking-write-and-flush", "i32 i32 i32 i32", ""),
    ("splice", "streams", "[method]output-stream.splice", "i32 i32 i64 i32", ""),
    ("wall-now", "wall", "now", "i32", ""),
    ("now", "clock", "now", "", "i64"),
    ("subscribe", "clock", "subscribe-duration", "i64", "i32"),
    ("open-at", "fs", "[method]descriptor.open-at", "i32 i32 i32 i32 i32 i32 i32", ""),
    ("stat", "fs", "[method]descriptor.stat", "i32 i32", ""),
    ("read", "fs", "[method]descriptor.read", "i32 i64 i64 i32", ""),
    ("set-times", "fs", "[method]descriptor.set-times", "i32 i32 i64 i32 i32 i64 i32 i32", ""),
    ("readlink", "fs", "[method]descriptor.readlink-at", "i32 i32 i32 i32", ""),
    ("rename", "fs", "[method]descriptor.rename-at", "i32 i32 i32 i32 i32 i32 i32", ""),
    ("read-via-stream", "fs", "[method]descriptor.read-via-stream", "i32 i64 i32", ""),
    ("write-via-stream", "fs", "[method]descriptor.write-via-stream", "i32 i64 i32", ""),
    ("read-directory", "fs", "[method]descriptor.read-directory", "i32 i32", ""),
    ("read-entry", "fs", "[method]directory-entry-stream.read-directory-entry", "i32 i32", ""),
    ("error-code", "fs", "filesystem-error-code", "i32 i32", ""),
    ("get-directories", "preopens", "get-directories", "i32", ""),
    ("exit", "exit", "exit", "i32", ""),
    ("get-environment", "environment", "get-environment", "i32", ""),
    ("initial-cwd", "environment", "initial-cwd", "i32", ""),
    ("get-stdout", "stdout", "get-stdout", "", "i32"),
    ("random-bytes", "random", "get-random-bytes", "i64 i32", ""),
    ("create-socket", "sockets", "create-tcp-socket", "i32 i32", ""),
]


def component_text(body: str, *, version: str = "0.2.6", extra: str = "") -> str:
    """A component whose `run` is `body`; `extra` adds imports."""
    lowered, imports, exports = [], [], []
    options = "(memory $mem) (realloc $realloc)"
    for core, instance, name, params, results in FUNCTIONS:
        lowered.append(f'(core func ${core} (canon lower (func ${instance} "{name}") {options}))')
        imports.append(f'(import "" "{core}" (func ${core} (param {params}) (result {results})))')
        exports.append(f'(export "{core}" (func ${core}))')
    text = TEXT.replace("BODY", body).replace("VERSION", version).replace("EXTRA", extra)
    for word, lines in (("LOWERED", lowered), ("IMPORTS", imports), ("EXPORTS", exports)):
        text = text.replace(word, "\n".join(lines))
    return text


@cache
def engine() -> wasmtime.Engine:
    config = wasmtime.Config()
    allow_two_borrows(config)
    return wasmtime.Engine(config)


class Guarded:
    """Keeps what host functions raise, as the host's own guard does."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def wrap(self, function):
        def guarded(*arguments):
            try:
                return function(*arguments)
            except BaseException as error:  # noqa: BLE001 - every kind must be kept from wasmtime
                self.error = error
                raise RuntimeError("parked") from None

        return guarded


def run(body: str, vfs, *, version: str = "0.2.6", **options) -> int:
    """Run `body` in a new instance over a VFS.

    Raises:
        BaseException: whatever a function of WASI raised.
    """
    component = wc.Component(engine(), component_text(body, version=version))
    store = wasmtime.Store(engine())
    linker = wc.Linker(engine())
    options.setdefault("stdout", lambda data: None)
    options.setdefault("stderr", lambda data: None)
    clock = options.pop("clock", None) or vfs.clock
    wasi = Preview2(vfs=vfs, clock=clock, random=random.Random(1), **options)
    guard = Guarded()
    try:
        with linker.root() as root:
            wasi.define(root, component.type, engine(), guard.wrap)
        instance = linker.instantiate(store, component)
        return instance.get_func(store, "run")(store)
    except (RuntimeError, wasmtime.WasmtimeError):
        if guard.error is not None:
            raise guard.error from None
        raise
    finally:
        wasi.close()
        linker.close()
        store.close()
        component.close()
