"""`--wasm-plugin` and the ini key `wasm_plugin`: what may be named, and relative to what."""

import pytest
from plugin_files import ALL, HONEST, write_archive, write_module, write_package

from conformance.catalogue import catalogue


def names(ids):
    """The plugins that the ids begin with, in order, each with all of its items."""
    found = list(dict.fromkeys(line.split("::")[0] for line in ids))
    assert all(sum(line.startswith(f"{name}::") for line in ids) == ALL for name in found)
    return found


def test_every_requirement_is_an_item(project):
    write_package(project.path / "anchor")
    expected = [f"wat-plugin::{group.name}::{entry.id}" for group in catalogue() for entry in group.requirements]
    assert project.ids("--wasm-plugin=anchor") == expected


def test_wasm_file(project):
    write_module(project.path / "anchor.wasm")
    assert names(project.ids("--wasm-plugin=anchor.wasm")) == ["anchor"]


@pytest.mark.parametrize("stem", ["plugin", "index", "main"])
def test_wasm_file_whose_name_says_nothing(project, stem):
    write_module(project.path / "anchor" / f"{stem}.wasm")
    assert names(project.ids(f"--wasm-plugin=anchor/{stem}.wasm")) == ["anchor"]


def test_wat_file(project):
    text = """(module (memory (export "memory") 1)
      (func (export "allocate") (param i32) (result i32) (i32.const 0))
      (func (export "plugin_id") (param i32 i32) (result i32) (i32.const 0)))"""
    (project.path / "anchor.wat").write_text(text)
    assert names(project.ids("--wasm-plugin=anchor.wat")) == ["anchor"]


@pytest.mark.parametrize("named", ["made", "made/", "made/package.json", "made/plugin.wasm"])
def test_package(project, named):
    write_package(project.path / "made", name="@boats/anchor")
    assert names(project.ids(f"--wasm-plugin={named}")) == ["_boats_anchor"]


def test_archive_of_npm_pack(project):
    write_archive(project.path / "made-1.0.0.tgz")
    assert names(project.ids("--wasm-plugin=made-1.0.0.tgz")) == ["wat-plugin"]


def test_several(project):
    write_module(project.path / "anchor.wasm")
    write_module(project.path / "bilge.wasm")
    ids = project.ids("--wasm-plugin=bilge.wasm", "--wasm-plugin=anchor.wasm")
    assert names(ids) == ["bilge", "anchor"]


def test_the_same_twice(project):
    write_package(project.path / "made")
    absolute = project.path / "made"
    ids = project.ids("--wasm-plugin=made", "--wasm-plugin=./made/", f"--wasm-plugin={absolute}")
    assert names(ids) == ["wat-plugin"]


def test_two_of_one_name(project):
    write_package(project.path / "one")
    write_package(project.path / "two")
    assert names(project.ids("--wasm-plugin=one", "--wasm-plugin=two")) == ["wat-plugin", "wat-plugin-2"]


def test_relative_to_the_folder_of_the_call(project, monkeypatch):
    write_module(project.path / "deep" / "down" / "anchor.wasm")
    monkeypatch.chdir(project.path / "deep")
    assert names(project.ids("--wasm-plugin=down/anchor.wasm")) == ["anchor"]
    monkeypatch.chdir(project.path / "deep" / "down")
    assert names(project.ids("--wasm-plugin=../down/anchor.wasm")) == ["anchor"]


def test_ini_is_relative_to_the_ini_file(project, monkeypatch):
    write_module(project.path / "build" / "anchor.wasm")
    write_module(project.path / "build" / "bilge.wasm")
    project.pytester.makeini("[pytest]\nwasm_plugin = build/anchor.wasm build/bilge.wasm")
    assert names(project.ids()) == ["anchor", "bilge"]
    (project.path / "tests").mkdir()
    monkeypatch.chdir(project.path / "tests")
    assert names(project.ids()) == ["anchor", "bilge"]


def test_pyproject(project):
    (project.path / "tox.ini").unlink()
    write_module(project.path / "build" / "anchor.wasm")
    (project.path / "pyproject.toml").write_text('[tool.pytest.ini_options]\nwasm_plugin = ["build/anchor.wasm"]\n')
    assert names(project.ids()) == ["anchor"]


def test_command_line_over_ini(project):
    write_module(project.path / "anchor.wasm")
    write_module(project.path / "bilge.wasm")
    project.pytester.makeini("[pytest]\nwasm_plugin = anchor.wasm")
    assert names(project.ids("--wasm-plugin=bilge.wasm")) == ["bilge"]


def test_a_name_in_a_package_cannot_act_on_the_terminal(project):
    write_package(project.path / "made", name="\x1b[31mevil\n::FAILED")
    result = project.run("--wasm-plugin=made", "-k", "LOAD-001", "-v")
    assert result.ret == 0
    assert not [line for line in result.outlines if "\x1b" in line or line.startswith(("::", "_FAILED"))]
    result.stdout.fnmatch_lines([r"wasm-plugin: \x1b[[]31mevil\n_FAILED (buffer, *"])
    result.stdout.fnmatch_lines([r"\x1b[[]31mevil\n_FAILED::LOAD::LOAD-001 PASSED*"])


def test_the_header_says_what_is_judged(project):
    write_package(project.path / "made")
    result = project.run("--wasm-plugin=made", "--collect-only")
    may = "dataRead, dataWrite, storage, putHandlers, httpEndpoints, staticFiles"
    manifest = project.path / "made" / "package.json"
    result.stdout.fnmatch_lines(
        [
            "signalk-wasm: *, host refhost, profile documented, wasmtime *",
            f"wasm-plugin: wat-plugin (buffer, {len(HONEST.binary())} bytes) may {may} ({manifest})",
        ],
        consecutive=True,
    )


def test_the_header_of_a_bare_file(project):
    write_module(project.path / "anchor.wasm")
    result = project.run("--wasm-plugin=anchor.wasm", "--collect-only")
    result.stdout.fnmatch_lines(
        ["wasm-plugin: anchor * may dataRead, dataWrite, * (no package.json: capabilities are the defaults)"]
    )


def test_the_header_shows_misspelt_capabilities(project):
    write_package(project.path / "made", wasmCapabilities={"dataWrit\x1b[0m": True})
    result = project.run("--wasm-plugin=made", "--collect-only")
    result.stdout.fnmatch_lines([r'wasm-plugin: warning: "dataWrit\x1b[[]0m" is not a capability*'])
