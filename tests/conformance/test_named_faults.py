"""Five faults that plugins in the wild have had, each found under its own requirement."""

import pytest
from honest import CAPABILITIES, DELTAS, Honest
from mutants.mutant import Mutant
from wat import TRAP, call, emit, imported, text

from conformance.catalogue import requirement
from conformance.judge import judge
from conformance.verdict import Outcome

READ = "(i64.const 2) (i64.const 0) (i32.const 0) (i32.const 64)"


def verdict_on(requirement_id, **changes):
    return judge(requirement(requirement_id), Mutant(match="", plugin=Honest(**changes)).subject())


def test_emitting_without_data_write():
    # It imports and calls the function, and its package does not ask for the capability.
    verdict = verdict_on("CAP-001", may="(i32.const 1)", capabilities={**CAPABILITIES, "dataWrite": False})
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reason == "it called sk_handle_message, and plugin wat-plugin lacks dataWrite capability"
    assert "wasmCapabilities" in verdict.mend
    assert "[denied] sk_handle_message: plugin wat-plugin lacks dataWrite capability (4 times)" in verdict.log


@pytest.mark.parametrize(
    "path", ["../../../etc/passwd", "data/../../etc/passwd", "/etc/passwd", "../../wat-plugin.json"]
)
def test_reading_outside_of_its_tree(path):
    read = call("path_open", "(i32.const 3) (i32.const 1)", text(path), "(i32.const 0)", READ)
    verdict = verdict_on("VFS-001", end=read)
    assert verdict.outcome is Outcome.FAIL
    assert "it tried to open" in verdict.reason
    assert path in verdict.reason
    assert "leads out of its tree" in verdict.reason


@pytest.mark.parametrize(
    ("requirement_id", "emitted", "seen"),
    [
        ("DELTA-001", "speed=3.85", "it is not JSON: Expecting value at character 0"),
        ("DELTA-001", "$GPRMC,123519,A*6A", "it is not JSON: Expecting value at character 0"),
        ("DELTA-001", "", "it is not JSON: Expecting value at character 0"),
        ("DELTA-002", "3.85", "a delta is an object, not a number"),
        ("DELTA-002", '{"path":"navigation.speedOverGround","value":3.85}', "updates: is missing"),
        ("DELTA-002", '{"updates":{"values":[]}}', "updates: is an array, not an object"),
    ],
)
def test_emitting_text_that_is_no_delta(requirement_id, emitted, seen):
    verdict = verdict_on(requirement_id, end=emit(emitted))
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reason == f"delta number {len(DELTAS) + 1} that it emitted: {seen}"
    assert verdict.case[-1] == f"it emitted {emitted}"


def test_trapping_in_start():
    verdict = verdict_on("LIFE-001", start=TRAP)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reason.startswith("plugin_start trapped: unreachable")
    assert verdict.case == ("load mutant", 'start {"greeting":"hello"}')


def test_importing_a_function_that_no_host_has():
    verdict = verdict_on("LOAD-002", imports=imported("env", "sk_log_debug", "i32 i32"))
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reason == ("env.sk_log_debug: the host has no function sk_log_debug (i32, i32)")
    assert verdict.mend == "Did you mean sk_debug (i32, i32)?"
