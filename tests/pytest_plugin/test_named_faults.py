"""Five faults that plugins in the wild have had, through the command line that an author types."""

import json

import pytest
from plugin_files import FAULTS, write_package

SHOWN = {
    "CAP-001": ["seen      it called sk_handle_message, and plugin wat-plugin lacks dataWrite capability"],
    "VFS-001": ["seen      it tried to open '/../../../etc/passwd', which leads out of its tree (EPERM)"],
    "DELTA-001": [
        "seen      delta number 5 that it emitted: it is not JSON: Expecting value at character 0",
        "*it emitted speed=3.85",
    ],
    "LIFE-001": ["seen      plugin_start trapped: unreachable*", "*start *"],
    "LOAD-002": [
        "seen      env.sk_log_debug: the host has no function sk_log_debug (i32, i32)",
        "mend      Did you mean sk_debug (i32, i32)?",
    ],
}


@pytest.mark.parametrize("broken", FAULTS)
def test_named_fault(project, broken):
    write_package(project.path / "made", FAULTS[broken])
    group = broken.split("-")[0]
    result = project.run("--wasm-plugin=made", "--deselect=wat-plugin::DELTA::DELTA-019")
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"*_ wat-plugin::{group}::{broken} _*", f"*[[]{broken}, MUST, contract §*]"])
    result.stdout.fnmatch_lines(SHOWN[broken])
    result.stdout.fnmatch_lines([f"again     pytest --wasm-plugin=made wat-plugin::{group}::{broken}"])
    # What was broken comes first; what follows from it comes after, or is not judged at all.
    failed = [line for line in result.outlines if line.startswith("FAILED ")]
    assert failed[0].startswith(f"FAILED wat-plugin::{group}::{broken} - ")
    assert len(failed) == 1 or broken == "LIFE-001"


def test_the_package_matters(project):
    """The same module that is denied without its capability is honest with it."""
    write_package(project.path / "made", FAULTS["CAP-001"])
    some = ("--wasm-plugin=made", "wat-plugin::CAP::CAP-001")
    assert project.run(*some).ret == 1
    changed = json.loads((project.path / "made" / "package.json").read_text())
    changed["wasmCapabilities"]["dataWrite"] = True
    (project.path / "made" / "package.json").write_text(json.dumps(changed))
    assert project.run(*some).ret == 0
