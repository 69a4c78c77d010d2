"""What is compiled is kept for later processes, and nothing is loaded that somebody else could have written."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import wasmtime
from component import binary as component_binary

import refhost.compiled
from refhost.compiled import CompiledFiles, folder
from refhost.engine import Compiler

BINARY = bytes(wasmtime.wat2wasm('(module (func (export "f") (result i32) (i32.const 42)))'))


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder for what is compiled."""
    place = tmp_path / "kept"
    monkeypatch.setenv("SIGNALK_WASM_CACHE", str(place))
    return place


def compiled(binary=BINARY):
    """How often a process that has compiled nothing yet compiles it, and what its function answers."""
    compiler = Compiler()
    try:
        module = compiler.module(binary)
        store = wasmtime.Store(refhost.engine.engine())
        store.set_epoch_deadline(1_000_000)
        answer = wasmtime.Instance(store, module, []).exports(store)["f"](store)
        store.close()
        return compiler.compiled, answer
    finally:
        compiler.close()


def test_the_second_run_compiles_nothing(place):
    assert compiled() == (1, 42)
    assert [path.suffix for path in place.iterdir()] == [".compiled"]
    assert compiled() == (0, 42)


def test_nor_does_a_second_process(place):
    code = (
        "import sys; from refhost.engine import COMPILER as c; c.module(bytes.fromhex(sys.argv[1])); print(c.compiled)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code, BINARY.hex()], check=True, capture_output=True, text=True).stdout
        for _ in range(2)
    ]
    assert runs == ["1\n", "0\n"]


def test_components_too(place):
    binary = component_binary()
    counts = []
    for _ in range(2):
        compiler = Compiler()
        compiler.component(binary)
        counts.append(compiler.compiled)
        compiler.close()
    assert counts == [1, 0]


def test_one_folder_and_file_are_this_users_own(place):
    compiled()
    (file,) = place.iterdir()
    assert place.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_not_loaded(place, mode):
    compiled()
    (file,) = place.iterdir()
    file.chmod(mode)
    assert compiled() == (1, 42)


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_nor_is_one_in_a_folder_that_others_may_write(place, mode):
    compiled()
    place.chmod(mode)
    assert compiled() == (1, 42)


def test_nor_one_of_another_user(place, monkeypatch):
    compiled()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert compiled() == (1, 42)


def test_nor_one_behind_a_link(place, tmp_path):
    compiled()
    (file,) = place.iterdir()
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert compiled() == (1, 42)


def test_nor_one_in_a_folder_behind_a_link(place, tmp_path):
    compiled()
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    assert compiled() == (1, 42)


def test_nor_what_is_no_file(place):
    compiled()
    (file,) = place.iterdir()
    file.unlink()
    os.mkfifo(file, 0o600)
    assert compiled() == (1, 42)


@pytest.mark.parametrize(
    "change", [lambda code: code[:-1], lambda code: b"", lambda code: code[:40] + b"x" + code[41:]]
)
def test_nor_one_that_was_cut_short_or_changed(place, change):
    compiled()
    (file,) = place.iterdir()
    file.write_bytes(change(file.read_bytes()))
    assert compiled() == (1, 42)
    assert compiled() == (0, 42)


def test_another_version_or_configuration_has_files_of_its_own(place, monkeypatch):
    path = CompiledFiles(place, "a=1").path("module", BINARY)
    assert CompiledFiles(place, "a=2").path("module", BINARY) != path
    assert CompiledFiles(place, "a=1").path("component", BINARY) != path
    monkeypatch.setattr(refhost.compiled, "version", lambda _: "0")
    assert CompiledFiles(place, "a=1").path("module", BINARY) != path


def test_the_oldest_go(place, monkeypatch):
    monkeypatch.setattr(refhost.compiled, "MOST_FILES", 3)
    monkeypatch.setattr(refhost.compiled, "_SELDOM", 1)
    files = CompiledFiles(place, "")
    for number in range(5):
        files.keep("module", bytes([number]), b"code")
        os.utime(files.path("module", bytes([number])), (number, number))
    files.keep("module", b"last", b"code")
    assert [files.read("module", bytes([number])) for number in range(5)] == [None, None, None, b"code", b"code"]
    assert files.read("module", b"last") == b"code"


def test_it_can_be_switched_off(place, monkeypatch):
    monkeypatch.setenv("SIGNALK_WASM_CACHE", "off")
    assert folder() is None
    assert compiled() == compiled() == (1, 42)
    assert not place.exists()


def test_a_place_that_cannot_be_made_is_as_none(place):
    place.write_text("a file")
    assert compiled() == compiled() == (1, 42)
