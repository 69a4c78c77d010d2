"""The machine's clock is set back or forward while pytest runs: verdicts, reports and the journal are the same."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import stepping
from honest import Honest
from plugin_files import write_package
from wat import emit

from conformance.report.folder import FILES

SOME = "LIFE-001 or LIFE-006 or DELTA-001 or CAP-004"
OF_HOSTS = "HLIFE-001 or HLIFE-002 or HLINK-001"
SERVE = shlex.join([sys.executable, "-m", "conformance.drivers.serve"])
WHAT = {
    "plugin": ("--wasm-plugin=made", "-k", SOME),  # one of them fails
    "host": (f"--wasm-host=exec:{SERVE}", "-k", OF_HOSTS),
}
# What it emits is no delta, so that a failure with all that belongs to it is in the report.
SPEAKING = Honest(end=emit("speed=3.85"))
STEPS = {"back": -3600, "forward": 3600}


def run(project, *args):
    """What a run came to: its exit code and report, once its times have been seen to make sense."""
    result = project.run_apart(*args, "--wasm-report=out", "--junitxml=junit.xml", "-p", "no:cacheprovider")
    assert not [line for line in result.outlines + result.errlines if "Traceback" in line or "Warning" in line]
    took = float(re.search(r" in (-?[\d.]+)s", result.outlines[-1])[1])
    times = [float(each.get("time")) for each in ET.parse(project.path / "junit.xml").iter("testcase")]
    assert times
    # None took as long as a step of the clock, nor less than nothing.
    assert all(0 <= each < 1000 for each in (*times, took)), (times, took)
    return result.ret, {name: (project.path / "out" / name).read_bytes() for name in FILES}


@pytest.fixture
def made(project):
    write_package(project.path / "made", SPEAKING)
    return project


@pytest.mark.long
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("what", WHAT)
def test_a_run_is_the_same(what, step, made, monkeypatch):
    usual = run(made, *WHAT[what])
    assert usual[0] == (1 if what == "plugin" else 0)
    monkeypatch.setenv("STEP", str(STEPS[step]))
    monkeypatch.setenv("PYTHONPATH", str(Path(stepping.__file__).parent), prepend=os.pathsep)
    assert run(made, "-p", "stepping", *WHAT[what]) == usual


LOOK = "import time, datetime; a, b = time.time(), datetime.datetime.now().timestamp(); print(round(b - a))"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """What stands between a process and the machine's clock."""
    made = tmp_path_factory.mktemp("clock") / "clock.so"
    source = Path(stepping.__file__).with_name("stepping_clock.c")
    zig = (sys.executable, "-m", "ziglang", "cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", made, source)
    subprocess.run(zig, check=True)
    return made


@pytest.mark.toolchain
@pytest.mark.skipif(sys.platform != "linux", reason="LD_PRELOAD")
@pytest.mark.parametrize("what", WHAT)
def test_a_run_is_the_same_with_such_a_clock_for_all_libraries(what, made, monkeypatch, library):
    """The whole process, wasmtime and the driver's process too, has a clock that goes back an hour at each look."""
    usual = run(made, *WHAT[what])
    monkeypatch.setenv("LD_PRELOAD", str(library))
    monkeypatch.setenv("STEP", "-3600")
    assert subprocess.check_output((sys.executable, "-c", LOOK), text=True) == "-3600\n", "the clock goes back"
    assert run(made, *WHAT[what]) == usual
