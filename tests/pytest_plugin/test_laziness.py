"""Whoever has the package installed and does not use it pays nothing: no import, no line of output."""

import json

import pytest
from plugin_files import write_package

HEAVY = ("wasmtime", "hypothesis", "pyfakefs", "syrupy", "jsonschema", "jinja2", "refhost", "conformance", "corpus")
# What was loaded when the run was over, without what other plugins load for themselves.
CONFTEST = """
import json, pathlib, sys

def pytest_unconfigure():
    pathlib.Path("loaded.json").write_text(json.dumps(sorted(sys.modules)))
"""
ALONE = ("-p", "pytest_plugin.plugin")


@pytest.fixture
def loaded(project, monkeypatch):
    """Runs pytest with this plugin alone, and gives the result and the heavy modules that were loaded."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    project.pytester.makeconftest(CONFTEST)

    def run(*args):
        result = project.run_apart(*ALONE, *args)
        modules = json.loads((project.path / "loaded.json").read_text())
        return result, {name.split(".")[0] for name in modules} & set(HEAVY)

    return run


def test_installed_and_not_used(project, loaded):
    project.pytester.makepyfile("def test_own(): pass")
    result, heavy = loaded()
    result.assert_outcomes(passed=1)
    assert heavy == set()
    for word in ("signalk", "wasm", "conformance", "requirements"):
        result.stdout.no_fnmatch_line(f"*{word}*")
    assert not result.errlines


@pytest.mark.parametrize("option", ["--help", "--markers", "--fixtures"])
def test_asking_pytest_about_itself(project, loaded, option):
    result, heavy = loaded(option)
    assert result.ret == 0
    assert heavy == set()


def test_the_options_are_explained(project):
    result = project.run("--help")
    result.stdout.fnmatch_lines(
        [
            "Signal K WebAssembly plugins:",
            "*--wasm-plugin=PATH*",
            "*--wasm-capabilities=JSON*",
            "*--wasm-config=JSON|@FILE",
            "*--wasm-fetch=FILE*",
            "*--wasm-snapshot*",
            "*--wasm-report=DIR*",
            "*--wasm-baseline=FILE*",
            "*--wasm-baseline-update*",
            "*--wasm-explain=ID*",
        ]
    )
    result.stdout.fnmatch_lines(["*wasm_plugin (paths):*", "*wasm_capabilities (string):", "*wasm_config (string):*"])


def test_only_collecting_does_not_judge(project, loaded):
    """The binary is read, to be refused if it is none; nothing of it runs."""
    write_package(project.path / "made")
    result, heavy = loaded("--wasm-plugin=made", "--collect-only", "-q")
    assert result.ret == 0
    assert "wasmtime" in heavy
    assert "syrupy" not in heavy


def test_explaining_loads_no_engine(project, loaded):
    # Nothing is configured, and so nothing is unconfigured.
    project.pytester.makeconftest(CONFTEST.replace("def pytest_unconfigure", "@__import__('atexit').register\ndef end"))
    result, heavy = loaded("--wasm-explain=DELTA-001")
    assert result.ret == 0
    assert heavy == {"conformance", "refhost"}


def test_judging_without_a_report_makes_no_page(project, loaded):
    write_package(project.path / "made")
    result, heavy = loaded("--wasm-plugin=made", "-k", "LIFE-001")
    assert result.ret == 0
    assert "wasmtime" in heavy
    assert "jinja2" not in heavy


def test_a_host_without_a_plugin(project, loaded):
    project.pytester.makepyfile("def test_own(signalk): pass")
    result, heavy = loaded()
    result.assert_outcomes(passed=1)
    assert "conformance" not in heavy
    assert "hypothesis" not in heavy


def test_without_the_other_plugins_a_plugin_is_judged(project, loaded):
    write_package(project.path / "made")
    result, _ = loaded("--wasm-plugin=made", "-k", "LIFE-001 or DELTA-016")
    assert result.ret == 0
    assert project.counts(result) == {"passed": 2}
