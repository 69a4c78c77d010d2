"""The conformance items come beside the tests of the project in which pytest is run."""

from pathlib import Path

import pytest
from plugin_files import ALL, NO_DELTA, WARNED, write_package

CHECKOUT = Path(__file__).parents[2]
HELLO = CHECKOUT / "corpus" / "plugins" / "hello-c" / "plugin.wasm"


@pytest.fixture
def made(project):
    write_package(project.path / "made")
    project.pytester.makepyfile(test_boat="def test_own(): pass")
    return project


def test_both_are_collected(made):
    ids = made.ids("--wasm-plugin=made")
    assert ids[0] == "test_boat.py::test_own"
    assert len(ids) == ALL + 1


def test_beside_named_files(made):
    made.pytester.makepyfile(test_dinghy="def test_other(): pass")
    ids = made.ids("--wasm-plugin=made", "test_dinghy.py")
    assert ids[0] == "test_dinghy.py::test_other"
    assert len(ids) == ALL + 1


def test_without_a_plugin_nothing_is_different(made):
    result = made.run("-v")
    assert result.ret == 0
    assert made.counts(result) == {"passed": 1}
    for word in ("*wasm-plugin*", "*conformance*", "*requirements*"):
        result.stdout.no_fnmatch_line(word)


def test_an_own_failure_fails_the_run(made):
    made.pytester.makepyfile(test_boat="def test_own(): assert 0")
    result = made.run("--wasm-plugin=made", "-k", "LIFE-001 or test_own")
    assert result.ret == 1
    assert made.counts(result) == {"passed": 1, "failed": 1}


def test_own_failures_look_as_always(project):
    write_package(project.path / "made", NO_DELTA)
    project.pytester.makepyfile(test_boat="def test_own():\n    speed = 3\n    assert speed == 4")
    result = project.run("--wasm-plugin=made", "-k", "DELTA-001 or test_own")
    result.stdout.fnmatch_lines(["E       assert 3 == 4", "*[[]DELTA-001, MUST, contract §10]"])


def test_own_tests_are_no_requirements(made):
    result = made.run("--wasm-plugin=made", "-k", "LIFE-001 or test_own")
    result.stdout.fnmatch_lines(["1 of 1 requirements judged."])


def test_own_tests_do_not_make_up_for_requirements(project):
    write_package(project.path / "made", WARNED)
    project.pytester.makepyfile("def test_own(): pass")
    result = project.run("--wasm-plugin=made", "-k", "DELTA-001 or test_own")
    assert result.ret == 5


def test_in_this_checkout_its_own_tests_are_left_out(project, monkeypatch):
    monkeypatch.chdir(CHECKOUT)
    result = project.run_apart(
        f"--wasm-plugin={HELLO.relative_to(CHECKOUT)}", "--collect-only", "-q", "-p", "no:cacheprovider"
    )
    assert result.ret == 0
    ids = [line for line in result.outlines if "::" in line]
    assert len(ids) == ALL
    assert all(line.startswith("hello-c::") for line in ids)


def test_in_this_checkout_tests_that_are_named_are_kept(project, monkeypatch):
    monkeypatch.chdir(CHECKOUT)
    own = "tests/refhost/test_printing.py"
    result = project.run_apart(
        f"--wasm-plugin={HELLO.relative_to(CHECKOUT)}", own, "--collect-only", "-q", "-p", "no:cacheprovider"
    )
    assert result.ret == 0
    ids = [line for line in result.outlines if "::" in line]
    assert len(ids) > ALL
    assert {line.split("::")[0] for line in ids} == {"hello-c", own}


@pytest.mark.parametrize(
    ("option", "name"),
    [("--wasm-plugin=made", "made::LOAD::LOAD-001"), ("--wasm-host=refhost", "refhost::HCAP::HCAP-001")],
)
def test_hooks_of_the_project_are_called(made, option, name):
    """Of a host, too, which lies nowhere."""
    made.pytester.makeconftest("def pytest_runtest_setup(item):\n    print('about to judge', item.nodeid)")
    result = made.run(option, "-s", "-k", name.rpartition("::")[2])
    result.stdout.fnmatch_lines([f"*about to judge *{name.partition('::')[2]}"])
    assert result.ret == 0
