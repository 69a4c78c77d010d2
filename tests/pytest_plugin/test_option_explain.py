"""`--wasm-explain`: one requirement, and no run."""

import pytest

from conformance.explanation import explanation


def test_it_is_printed_and_nothing_runs(project):
    project.pytester.makepyfile("def test_own(): raise AssertionError")
    result = project.run("--wasm-explain=DELTA-003")
    assert result.ret == 0
    assert result.outlines == explanation("DELTA-003").splitlines()
    assert not [line for line in result.errlines if line]


def test_beside_other_options(project):
    """It wins over whatever would have been run, be that right or wrong."""
    result = project.run("--wasm-explain", "delta-003", "--wasm-plugin=none.wasm", "-n", "2")
    assert result.ret == 0
    assert result.outlines == explanation("DELTA-003").splitlines()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("DETLA-003", "There is no requirement DETLA-003: did you mean DELTA-003? The groups are LOAD, META, "),
        ("DELTA", "DELTA is a group of requirements: name one of DELTA-001 to DELTA-022."),
        ("delta-1", "There is no requirement DELTA-1: did you mean DELTA-001? The groups are LOAD, "),
        ("", "There is no requirement . The groups are LOAD, "),
        ("\x1b[31m", r"There is no requirement \x1b[31M. The groups are LOAD, "),
    ],
)
def test_an_unknown_one(project, given, said):
    assert project.refused(f"--wasm-explain={given}").startswith(f"--wasm-explain: {said}")
