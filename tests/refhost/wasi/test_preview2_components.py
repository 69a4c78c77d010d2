"""Components that import WASI 0.2: linking, every shape of value, and what goes wrong at the border (§5)."""

from __future__ import annotations

import errno

import pytest
import wasmtime
from wasi_component import component_text, engine, run
from wasmtime import component as wc

from refhost.errors import GuestExit, PluginTrap

OPEN = "(call $open (i32.const 1))"  # flags: create


def test_a_file_is_made_written_and_told_of(vfs):
    body = f"""
      (local.set $a {OPEN})
      (if (call $write (local.get $a)) (then (return (i32.const 1))))
      (call $stat (local.get $a) (i32.const 128))
      (if (i32.load8_u (i32.const 128)) (then (return (i32.const 2))))
      (if (i32.ne (i32.load8_u (i32.const 136)) (i32.const 6)) (then (return (i32.const 3))))
      (if (i64.ne (i64.load (i32.const 144)) (i64.const 1)) (then (return (i32.const 4))))
      (if (i64.ne (i64.load (i32.const 152)) (i64.const 5)) (then (return (i32.const 5))))
      (if (i32.ne (i32.load8_u (i32.const 160)) (i32.const 1)) (then (return (i32.const 6))))
      (call $read (local.get $a) (i64.const 100) (i64.const 1) (i32.const 256))
      (if (i32.load8_u (i32.const 256)) (then (return (i32.const 7))))
      (if (i32.ne (i32.load (i32.const 264)) (i32.const 4)) (then (return (i32.const 8))))
      (if (i32.load8_u (i32.const 268)) (then (return (i32.const 9))))
      (i32.load8_u (i32.load (i32.const 260)))"""
    assert run(body, vfs) == ord("e")
    assert vfs.files() == {"/data/x": b"hello"}
    assert [operation.name for operation in vfs.operations] == ["create", "write", "read", "close"]


@pytest.mark.parametrize("version", ["0.2.0", "0.2.3", "0.2.12"])
def test_any_version(vfs, version):
    assert run(f"(call $write {OPEN})", vfs, version=version) == 0
    assert vfs.read("/data/x") == b"hello"


def test_errors_are_results(vfs):
    body = """
      (call $open-at (call $root) (i32.const 0) (i32.const 1056) (i32.const 9) (i32.const 1) (i32.const 3)
        (i32.const 128))
      (if (i32.eqz (i32.load8_u (i32.const 128))) (then unreachable))
      (i32.load8_u (i32.const 132))"""
    assert run(body, vfs) == 31, "not-permitted"
    body = """
      (call $readlink (call $root) (i32.const 1024) (i32.const 6) (i32.const 128))
      (i32.add (i32.mul (i32.load8_u (i32.const 128)) (i32.const 100)) (i32.load8_u (i32.const 132)))"""
    assert run(body, vfs) == 120, "no-entry, where ok and error are both strings to Python"
    vfs.root_directory().symlink("abc", "data/x")
    body = """
      (call $readlink (call $root) (i32.const 1024) (i32.const 6) (i32.const 128))
      (i32.add (i32.mul (i32.load8_u (i32.const 128)) (i32.const 100)) (i32.load (i32.const 136)))"""
    assert run(body, vfs) == 3


def test_an_error_of_a_stream_has_its_cause(vfs):
    vfs.faults.append(lambda operation: "ENOSPC" if operation.name == "write" else None)
    body = f"""
      (if (i32.ne (call $write {OPEN}) (i32.const 1)) (then (return (i32.const 100))))
      (local.set $a (i32.load (i32.const 72)))
      (call $to-debug-string (local.get $a) (i32.const 128))
      (call $error-code (local.get $a) (i32.const 136))
      (if (i32.eqz (i32.load8_u (i32.const 136))) (then (return (i32.const 101))))
      (i32.load8_u (i32.const 137))"""
    assert run(body, vfs) == 23, "insufficient-space"


def test_the_end_of_a_stream(vfs):
    vfs.write("/data/x", b"ab")
    body = f"""
      (local.set $a {OPEN})
      (call $read-via-stream (local.get $a) (i64.const 0) (i32.const 128))
      (local.set $b (i32.load (i32.const 132)))
      (call $read-stream (local.get $b) (i64.const 10) (i32.const 144))
      (if (i32.ne (i32.load (i32.const 152)) (i32.const 2)) (then (return (i32.const 100))))
      (call $read-stream (local.get $b) (i64.const 10) (i32.const 144))
      (i32.add (i32.mul (i32.load8_u (i32.const 144)) (i32.const 10)) (i32.load8_u (i32.const 148)))"""
    assert run(body, vfs) == 11, "an error, and the error is closed"


def test_functions_that_borrow_twice(vfs):
    vfs.write("/data/x", b"ab")
    body = """
      (call $rename (call $root) (i32.const 1024) (i32.const 6) (call $root) (i32.const 1072) (i32.const 6)
        (i32.const 128))
      (i32.load8_u (i32.const 128))"""
    assert run(body, vfs) == 0
    assert vfs.files() == {"/data/y": b"ab"}
    said = bytearray()
    body = """
      (call $open-at (call $root) (i32.const 0) (i32.const 1072) (i32.const 6) (i32.const 0) (i32.const 1)
        (i32.const 128))
      (call $read-via-stream (i32.load (i32.const 132)) (i64.const 0) (i32.const 144))
      (call $splice (call $get-stdout) (i32.load (i32.const 148)) (i64.const 10) (i32.const 160))
      (i32.load (i32.const 168))"""
    assert run(body, vfs, stdout=said.extend) == 2
    assert said == b"ab"


def test_waiting_for_several(vfs):
    body = """
      (i32.store (i32.const 128) (call $subscribe (i64.const 500)))
      (i32.store (i32.const 132) (call $subscribe (i64.const 300)))
      (i32.store (i32.const 136) (call $subscribe (i64.const 300)))
      (call $poll (i32.const 128) (i32.const 3) (i32.const 144))
      (if (call $ready (i32.load (i32.const 128))) (then (return (i32.const 100))))
      (i32.add (i32.mul (i32.load (i32.const 148)) (i32.const 16))
        (i32.add (i32.mul (i32.load (i32.load (i32.const 144))) (i32.const 4))
          (i32.load offset=4 (i32.load (i32.const 144)))))"""
    assert run(body, vfs) == 2 * 16 + 1 * 4 + 2
    assert vfs.clock.elapsed_ns == 300


def test_an_empty_list_of_pollables_is_a_trap(vfs):
    with pytest.raises(PluginTrap, match=r"poll: a list of 0 pollables"):
        run("(call $poll (i32.const 0) (i32.const 0) (i32.const 16)) (i32.const 0)", vfs)


def test_variants_with_payload(vfs):
    body = f"""
      (local.set $a {OPEN})
      (call $set-times (local.get $a) (i32.const 2) (i64.const 7) (i32.const 5) (i32.const 0) (i64.const 0)
        (i32.const 0) (i32.const 128))
      (i32.load8_u (i32.const 128))"""
    before = vfs.clock.now_ns
    assert run(body, vfs) == 0
    stat = vfs.root_directory().stat_at("data/x", follow=False)
    assert (stat.atime_ns, stat.mtime_ns) == (7_000_000_005, before)


def test_listing(vfs):
    vfs.write("/data/some-file", b"")
    body = """
      (call $open-at (call $root) (i32.const 0) (i32.const 1088) (i32.const 4) (i32.const 2) (i32.const 1)
        (i32.const 128))
      (call $read-directory (i32.load (i32.const 132)) (i32.const 144))
      (local.set $a (i32.load (i32.const 148)))
      (call $read-entry (local.get $a) (i32.const 160))
      (if (i32.load8_u (i32.const 160)) (then (return (i32.const 100))))
      (if (i32.eqz (i32.load8_u (i32.const 164))) (then (return (i32.const 101))))
      (local.set $b (i32.load (i32.const 176)))
      (call $read-entry (local.get $a) (i32.const 160))
      (if (i32.load8_u (i32.const 164)) (then (return (i32.const 102))))
      (local.get $b)"""
    assert run(body, vfs) == len("some-file")


def test_environment_clock_and_randomness(vfs):
    assert run("(call $get-environment (i32.const 16)) (i32.load (i32.const 20))", vfs, env={"A": "1", "B": "2"}) == 2
    assert run("(call $initial-cwd (i32.const 16)) (i32.load8_u (i32.const 16))", vfs) == 0
    assert run("(i32.wrap_i64 (call $now))", vfs) == 1000
    now = "(call $wall-now (i32.const 16)) (i32.load offset=8 (i32.const 16))"
    assert run(now, vfs) == (vfs.clock.now_ns) % 1_000_000_000
    draw = "(call $random-bytes (i64.const 4) (i32.const 16)) (i32.load (i32.load (i32.const 16)))"
    assert run(draw, vfs) == run(draw, vfs)
    with pytest.raises(PluginTrap, match="the limit is 1048576"):
        run("(call $random-bytes (i64.const -1) (i32.const 16)) (i32.const 0)", vfs)


@pytest.mark.parametrize(("status", "code"), [(0, 0), (1, 1)])
def test_exit(vfs, status, code):
    with pytest.raises(GuestExit) as caught:
        run(f"(call $exit (i32.const {status})) (i32.const 0)", vfs)
    assert caught.value.code == code


def test_sockets_are_refused(vfs):
    body = """
      (call $create-socket (i32.const 0) (i32.const 16))
      (i32.add (i32.mul (i32.load8_u (i32.const 16)) (i32.const 10)) (i32.load8_u (i32.const 20)))"""
    assert run(body, vfs) == 11, "an error, and the error is access-denied"


def test_without_storage_there_is_no_directory(vfs):
    body = "(call $get-directories (i32.const 16)) (i32.load (i32.const 20))"
    assert run(body, vfs) == 1
    assert run(body, None, clock=vfs.clock) == 0


def test_standard_output(vfs):
    said = bytearray()
    body = """
      (call $write-and-flush (call $get-stdout) (i32.const 1040) (i32.const 5) (i32.const 64))
      (i32.load8_u (i32.const 64))"""
    assert run(body, vfs, stdout=said.extend) == 0
    assert said == b"hello"
    with pytest.raises(PluginTrap, match="4097 bytes, more than 4096"):
        run(body.replace("(i32.const 5)", "(i32.const 4097)"), vfs)


def test_dropping_a_handle_closes_the_file_once_its_streams_are_gone(vfs):
    body = f"""
      (local.set $a {OPEN})
      (drop (call $write (local.get $a)))
      (call $drop-descriptor (local.get $a))
      (call $write-and-flush (i32.load (i32.const 52)) (i32.const 1040) (i32.const 5) (i32.const 64))
      (if (i32.load8_u (i32.const 64)) (then (return (i32.const 1))))
      (call $drop-output (i32.load (i32.const 52)))
      (i32.const 0)"""
    assert run(body, vfs) == 0
    assert [operation.name for operation in vfs.operations] == ["create", "write", "write", "close"]
    assert vfs.read("/data/x") == b"hellohello"


def test_resources_without_end_are_a_trap(vfs):
    with pytest.raises(PluginTrap, match="more than 4096 resources"):
        run("(loop $l (drop (call $subscribe (i64.const 0))) (br $l)) (i32.const 0)", vfs)


class Interrupted(BaseException):
    pass


@pytest.mark.parametrize("error", [Interrupted, KeyboardInterrupt, ZeroDivisionError])
def test_what_a_host_function_raises_goes_through_the_guard(vfs, error):
    def stop(operation):
        raise error

    vfs.faults.append(stop)
    with pytest.raises(error):
        run(f"(call $write {OPEN})", vfs)


def test_faults_show_as_error_codes(vfs):
    vfs.faults.append(lambda operation: errno.EROFS if operation.name == "rename" else None)
    vfs.write("/data/x", b"")
    body = """
      (call $rename (call $root) (i32.const 1024) (i32.const 6) (call $root) (i32.const 1072) (i32.const 6)
        (i32.const 128))
      (i32.load8_u (i32.const 129))"""
    assert run(body, vfs) == 33, "read-only"


MISTYPED = """
(component
  (import "wasi:cli/environment@0.2.0" (instance $e (export "get-arguments" (func SIGNATURE))))
  (core func $f (canon lower (func $e "get-arguments")))
  (core module $M (import "" "f" (func $f CORE)) (func (export "run") (result i32) BODY (i32.const 0)))
  (core instance $m (instantiate $M (with "" (instance (export "f" (func $f))))))
  (alias core export $m "run" (core func $run))
  (func (export "run") (result u32) (canon lift (core func $run))))
"""


@pytest.mark.parametrize(
    ("signature", "core", "body"),
    [
        ("(result u32)", "(result i32)", "(drop (call $f))"),
        ('(param "a" u32)', "(param i32)", "(call $f (i32.const 1))"),
    ],
)
def test_an_import_with_other_types_is_a_trap(monkeypatch, vfs, signature, core, body):
    text = MISTYPED.replace("SIGNATURE", signature).replace("CORE", core).replace("BODY", body)
    monkeypatch.setattr("wasi_component.component_text", lambda *args, **options: text)
    with pytest.raises(PluginTrap, match=r"not as WASI 0\.2 declares it"):
        run("", vfs)


def test_the_same_component_does_the_same_under_wasmtimes_own_wasi(tmp_path, vfs):
    """The text of these tests is sound: wasmtime's own implementation runs it with the same result."""
    body = f"(call $write {OPEN})"
    (tmp_path / "data").mkdir()
    store, linker = wasmtime.Store(engine()), wc.Linker(engine())
    config = wasmtime.WasiConfig()
    config.preopen_dir(str(tmp_path), "/")
    store.set_wasi(config)
    linker.add_wasip2()
    text = component_text(body, version="0.2.3")
    component = wc.Component(engine(), text)
    instance = linker.instantiate(store, component)
    assert instance.get_func(store, "run")(store) == run(body, vfs) == 0
    assert (tmp_path / "data" / "x").read_bytes() == vfs.read("/data/x") == b"hello"
    linker.close()
    store.close()
    component.close()
