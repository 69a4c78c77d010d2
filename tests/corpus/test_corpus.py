"""The corpus is what its README says: packages, binaries, dialects, sizes, and how they are built."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from wasmtime import Engine, Module

import corpus
from corpus import build, npm, toolchains, tools

CORPUS = corpus.PLUGINS.parent
HEADERS = {
    "component": b"\0asm\x0d\0\x01\0",
    "buffer": b"\0asm\x01\0\0\0",
    "assemblyscript": b"\0asm\x01\0\0\0",
}
EXPORTS = {
    "buffer": {
        "memory",
        "allocate",
        "deallocate",
        "plugin_id",
        "plugin_name",
        "plugin_schema",
        "plugin_start",
    },
    "assemblyscript": {"memory", "__new", "__pin", "__unpin", "__collect", "plugin_name", "plugin_start"},
}
MACHINE_PATH = re.compile(rb"/(?:home|root|tmp|usr|build|work)/[\w./-]*")


def table():
    """The rows of the README's tables of plugins, by name."""
    row = re.compile(r"^\| \[([\w-]+)\]\(([\w/-]+)\) \| ([^|]+) \| (\w+) \| (\d+|about \d[\d.]* MB) \|", re.MULTILINE)
    text = (CORPUS / "README.md").read_text(encoding="utf-8")
    return {
        name: SimpleNamespace(link=link, language=language, dialect=dialect, size=size)
        for name, link, language, dialect, size in row.findall(text)
    }


def package(name):
    return json.loads((corpus.plugin(name) / "package.json").read_text(encoding="utf-8"))


def binary(name):
    return (corpus.plugin(name) / package(name)["wasmManifest"]).read_bytes()


EVERY_NAME = [*corpus.plugins(), *corpus.large()]
every_plugin = pytest.mark.parametrize("name", corpus.plugins())
every_package = pytest.mark.parametrize("name", EVERY_NAME)


def probes():
    """The rows of the README's table of probes: what each is made from, by name."""
    row = re.compile(r"^\| `([\w-]+)` \| \[([\w.-]+)\]\(probes/\2\)", re.MULTILINE)
    return dict(row.findall((CORPUS / "README.md").read_text(encoding="utf-8")))


def test_every_plugin_has_a_recipe_and_a_row_in_the_readme():
    recipes = [name for name in build.RECIPES if name not in probes()]
    assert sorted(EVERY_NAME) == sorted(recipes) == sorted(table())


def test_every_probe_has_a_row_in_the_readme_and_is_its_own_source_or_has_a_recipe():
    kept = {path.stem: path for path in corpus.PROBES.iterdir() if path.suffix in {".wasm", ".wat"}}
    assert sorted(kept) == sorted(probes())
    for name, path in kept.items():
        assert (corpus.PROBES / probes()[name]).is_file()
        assert (path.suffix == ".wat") == (path.name == probes()[name]) == (name not in build.RECIPES)


def test_the_hello_plugins_are_there():
    hello = {"hello-assemblyscript", "hello-c", "hello-component", "hello-component-rust", "hello-rust"}
    assert hello <= set(corpus.plugins())
    large = [name for name in corpus.large() if name not in corpus.twins()]
    assert large == ["hello-component-javascript", "hello-component-python"]


@every_package
def test_the_package_can_be_published_as_a_plugin(name):
    facts = package(name)
    assert facts["name"] == name
    assert facts["version"] == "1.0.0"
    assert facts["license"] == "Apache-2.0"
    assert facts["description"]
    assert "signalk-wasm-plugin" in facts["keywords"]
    assert facts["wasmManifest"] in facts["files"]


@pytest.mark.parametrize("name", [name for name in EVERY_NAME if name.startswith("hello-")])
def test_the_hello_plugins_ask_for_data_and_files(name):
    assert package(name)["wasmCapabilities"] == {"dataRead": True, "dataWrite": True, "storage": "vfs-only"}


@every_plugin
def test_the_binary_is_of_the_dialect_in_the_readme(name):
    assert binary(name)[:8] == HEADERS[table()[name].dialect]


@every_plugin
def test_the_size_in_the_readme_is_true(name):
    assert table()[name].size == str(len(binary(name)))


@every_package
def test_the_link_in_the_readme_leads_to_the_plugin(name):
    assert CORPUS / table()[name].link == corpus.plugin(name)


@pytest.mark.parametrize("name", [name for name in corpus.plugins() if table()[name].dialect != "component"])
def test_a_core_binary_exports_what_its_dialect_needs(name):
    dialect = table()[name].dialect
    exports = {export.name for export in Module(Engine(), binary(name)).exports}
    assert exports >= EXPORTS[dialect]
    assert exports >= {"delta_handler", "plugin_stop"}


@every_plugin
def test_the_binary_names_no_place_of_the_machine_that_built_it(name):
    assert MACHINE_PATH.findall(binary(name)) == []


def test_an_unknown_plugin_is_answered_with_the_names_that_there_are():
    with pytest.raises(LookupError, match=r"'hello-cobol'; there are .*hello-c, "):
        corpus.plugin("hello-cobol")


def test_the_list_names_every_plugin_with_its_size(capsys):
    assert build.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(build.RECIPES)
    committed = [line for line in lines if line.split()[0] not in corpus.large()]
    assert all(f"{build.committed(line.split()[0]).stat().st_size} bytes" in line for line in committed)


def test_a_name_without_a_recipe_is_a_usage_error(capsys):
    with pytest.raises(SystemExit, match="2"):
        build.main(["hello-cobol"])
    told = capsys.readouterr().err
    assert f"no recipe for hello-cobol; there are {', '.join(build.RECIPES)}, and " in told
    assert told.endswith(f" {len(build.compiled_mutants())} mutants\n")


def test_a_difference_is_told_by_place_and_size():
    assert build.difference(b"abc", b"abc") == ""
    assert build.difference(b"abc", b"abd") == "3 bytes here, 3 committed, different from byte 0x2 on"
    assert build.difference(b"abc", b"") == "3 bytes here, 0 committed, different from byte 0x0 on"


class Pretender:
    """A toolchain that writes what it is told, or fails as it is told."""

    title = "pretended"

    def __init__(self, outcome, version="1.63.0"):
        self.outcome = outcome
        self.version = version

    def versions(self):
        return {"rustc": self.version}

    def build(self, work):
        if isinstance(self.outcome, Exception):
            raise self.outcome
        (work / "plugin.wasm").write_bytes(self.outcome)


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """A corpus of one plugin, `scratch`, whose recipe the test sets."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    (folder / "package.json").write_text("{}", encoding="utf-8")
    (folder / "plugin.wasm").write_bytes(b"committed")
    monkeypatch.setattr(corpus, "PLUGINS", tmp_path)
    monkeypatch.setattr(corpus, "LARGE", tmp_path / "large")

    def with_recipe(recipe):
        monkeypatch.setattr(build, "RECIPES", {"scratch": recipe})
        monkeypatch.setattr(build, "mutants", dict)
        monkeypatch.setattr(build, "orphans", list)
        return folder / "plugin.wasm"

    return with_recipe


def test_building_replaces_the_binary(scratch, capsys):
    committed = scratch(Pretender(b"fresh"))
    assert build.main(["scratch"]) == 0
    assert committed.read_bytes() == b"fresh"
    assert "scratch: 5 bytes, changed" in capsys.readouterr().out


def test_a_check_of_equal_bytes_is_green(scratch, capsys):
    scratch(Pretender(b"committed"))
    assert build.main(["--check"]) == 0
    assert "scratch: 9 bytes, unchanged" in capsys.readouterr().out


def test_a_check_of_other_bytes_is_red_and_writes_nothing(scratch, capsys):
    committed = scratch(Pretender(b"commuted", version="1.99.0"))
    assert build.main(["--check"]) == 1
    assert committed.read_bytes() == b"committed"
    assert capsys.readouterr().out.endswith(
        "scratch: not the committed binary: 8 bytes here, 9 committed, different from byte 0x4 on "
        f"(rustc is 1.99.0 and not {toolchains.PINNED['rustc']})\n"
    )


def test_a_check_builds_no_plugin_without_a_committed_binary(scratch, capsys, monkeypatch):
    binary = scratch(Pretender(b"fresh"))
    monkeypatch.setattr(corpus, "LARGE", corpus.PLUGINS)
    assert build.main(["--check"]) == 0
    assert binary.read_bytes() == b"committed"
    assert capsys.readouterr().out.startswith("scratch: no binary is committed to compare with; the tests marked ")


def test_a_failed_compile_shows_the_command_and_its_output(tmp_path):
    script = "import sys; print('on line 3'); sys.exit(4)"
    with pytest.raises(tools.CompileError) as failure:
        tools.run([sys.executable, "-c", script], tmp_path)
    assert str(failure.value) == f"$ {sys.executable} -c {script}\non line 3"


@pytest.mark.parametrize("error", [tools.CompileError("no ;"), tools.ToolMissingError("no rustc")])
def test_a_failed_build_is_printed_and_leaves_the_binary(scratch, capsys, error):
    committed = scratch(Pretender(error))
    assert build.main([]) == 1
    assert committed.read_bytes() == b"committed"
    assert capsys.readouterr().out.endswith(f"scratch: not built\n{error}\n")


def test_a_missing_python_package_names_the_extra():
    with pytest.raises(
        tools.ToolMissingError,
        match=r"^The Python package no-such-zig .*pytest-signalk-wasm\[corpus\]'\.$",
    ):
        tools.python_package("no-such-zig")


def test_a_missing_rust_target_names_the_debian_packages(monkeypatch):
    monkeypatch.setattr(toolchains.Rust, "_candidates", staticmethod(lambda: iter(())))
    with pytest.raises(tools.ToolMissingError, match="Debian packages rustc, libstd-rust-dev-wasm32 and lld-14"):
        toolchains.Rust().versions()


def test_the_versions_of_python_packages_are_those_of_the_extra():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = dict(pin.split("==") for pin in project["optional-dependencies"]["corpus"])
    assert extra == {name: version for name, version in toolchains.PINNED.items() if name != "rustc"}


def test_a_lock_file_names_no_registry_and_what_the_package_asks_for():
    folder = corpus.plugin("hello-component-javascript")
    lock = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))
    assert lock["packages"][""]["devDependencies"] == package(folder.name)["devDependencies"]
    assert all("integrity" in entry and "resolved" not in entry for name, entry in lock["packages"].items() if name)


def test_missing_npm_names_the_debian_packages(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda *_args, **_options: None)
    with pytest.raises(tools.ToolMissingError, match="Debian packages nodejs and npm"):
        npm.npm()


@pytest.mark.toolchain
@pytest.mark.parametrize(
    "name",
    [
        "hello-c",
        "hello-component",
        "hello-component-rust",
        *(name for name in build.RECIPES if name.startswith("probe")),
    ],
)
def test_the_committed_binary_comes_from_the_committed_sources(name):
    assert build.main(["--check", name]) == 0


@pytest.mark.toolchain
def test_wasm_tools_accepts_the_wit():
    command = [tools.wasm_tools(), "component", "wit", toolchains.WIT]
    parsed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "package signalk:plugin-api@1.0.0;" in parsed
    assert "%type: option<string>" in parsed
    assert re.findall(r"^world ([\w-]+)", parsed, re.MULTILINE) == ["plugin", "plugin-with-deltas"]


@pytest.mark.toolchain
@pytest.mark.parametrize("name", ["hello-component", "hello-component-rust"])
def test_a_component_is_of_the_world_that_receives_deltas(name, tmp_path):
    shutil.copytree(corpus.plugin(name) / "wit", tmp_path / "wit")
    toolchains.add_wit(tmp_path)
    component = corpus.plugin(name) / "plugin.wasm"
    command = [tools.wasm_tools(), "component", "targets", tmp_path / "wit", component, "--world", "hello"]
    assert subprocess.run(command, capture_output=True, text=True, check=False).stderr == ""


def test_sources_stand_beside_every_binary():
    sources = {".c", ".go", ".js", ".py", ".rs", ".ts", ".zig"}
    for name in EVERY_NAME:
        assert sources & {Path(file).suffix for file in corpus.plugin(name).rglob("*")}, name
