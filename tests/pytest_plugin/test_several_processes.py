"""`pytest -n 2`: the same outcomes as in one process, and the same summary."""

import pytest
from plugin_files import ALL, TRAPPING, WARNED, write_package

pytestmark = pytest.mark.long


def test_same_outcomes(project):
    write_package(project.path / "made", TRAPPING, name="trapping")
    write_package(project.path / "warned", WARNED)
    args = ("--wasm-plugin=made", "--wasm-plugin=warned", "--deselect=wat-plugin::DELTA")
    one = project.run(*args)
    two = project.run(*args, "-n", "2")
    assert one.ret == two.ret == 1
    assert project.counts(one) == project.counts(two)
    assert project.counts(one)["not judged"] > 20
    assert summary(one) == summary(two)
    assert {line for line in one.outlines if line.startswith("FAILED ")} == {
        line for line in two.outlines if line.startswith("FAILED ")
    }


def summary(result):
    """The table of each plugin, without the order of what follows it."""
    start = next(i for i, line in enumerate(result.outlines) if "= conformance of" in line)
    end = next(i for i, line in enumerate(result.outlines) if "short test summary" in line)
    return sorted(result.outlines[start:end])


def test_pasted_id(project):
    write_package(project.path / "made")
    result = project.run("--wasm-plugin=made", "-n", "2", "wat-plugin::LIFE::LIFE-001")
    assert result.ret == 0
    assert project.counts(result) == {"passed": 1}


def test_with_own_tests(project):
    write_package(project.path / "made")
    project.pytester.makepyfile("def test_own(wasm_plugin): assert wasm_plugin.start() == 'running'")
    result = project.run("--wasm-plugin=made", "-n", "2", "-k", "LIFE-001 or test_own")
    assert result.ret == 0
    assert project.counts(result) == {"passed": 2}


def test_nothing_applies(project):
    write_package(project.path / "made", WARNED)
    result = project.run("--wasm-plugin=made", "-n", "2", "-k", "DELTA-001 or DELTA-002")
    assert result.ret == 5


def test_loads_by_scope(project):
    write_package(project.path / "made")
    args = ("--wasm-plugin=made", "-n", "2", "--dist=loadscope", "-k", "LOAD or META")
    assert project.counts(project.run(*args)) == {"passed": 20}
    assert ALL > 20
