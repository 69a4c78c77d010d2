"""All of them in one process, one after the other, and through pytest: nothing ends it, and nothing is left (§19)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hostile import plugins

HELPERS = Path(__file__).parents[1] / "helpers"
ALL_IN_ONE = """
import gc, sys, threading
from hostile import honest, is_well, live, plugins
from refhost.host import Host

for plugin in plugins():
    print(plugin.name, flush=True)
    with Host(limits=plugin.limits) as host:
        host.load(honest()).start()
        live(host, plugin.package())
        assert is_well(host), plugin.name
gc.collect()
threads = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
assert set(threads) <= {"refhost-watchdog"}, threads
print("all", len(plugins()))
"""


@pytest.mark.long
def test_one_process_outlives_all_of_them(tmp_path):
    """In the order of their tables, with every trap of wasmtime-py that there may be: no signal ends the process."""
    environment = {**os.environ, "PYTHONPATH": str(HELPERS), "PYTHONFAULTHANDLER": "1"}
    with (tmp_path / "out").open("w") as out:
        done = subprocess.run(
            [sys.executable, "-c", ALL_IN_ONE],
            env=environment,
            cwd=tmp_path,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            timeout=1200,
            check=False,
        )
    last = (tmp_path / "out").read_text().splitlines()[-1]
    assert done.returncode == 0, f"ended by {done.returncode} at {last}: {done.stderr[-2000:]}"
    assert last == f"all {len(plugins())}"
    assert done.stderr == ""


SAMPLE = [
    "loop-in-plugin_name",
    "loop-in-start-function",
    "trap-in-poll",
    "exit-in-plugin_start",
    "length-returned-0",
    "text-not-utf-8-0",
    "terminal-escapes",
    "memory-of-four-gigabytes",
    "import-that-there-is-not",
    "stop-that-starts-again",
    "fetch-never-rewinds",
    "component-trap-in-start",
    "component-of-another-version-2",
    "component-text-at-0",
    "log-without-end",
]


@pytest.mark.long
@pytest.mark.parametrize("name", SAMPLE)
def test_pytest_judges_it_and_writes_its_report(name, tmp_path):
    """`pytest --wasm-plugin=hostile.wasm`: red, without a traceback, in finite time, with a report."""
    plugin = next(plugin for plugin in plugins() if plugin.name == name)
    (tmp_path / "hostile.wasm").write_bytes(plugin.binary)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--wasm-plugin=hostile.wasm",
        "--wasm-report=report",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=600, check=False)
    shown = done.stdout + done.stderr
    assert done.returncode in (0, 1), shown.decode()[-3000:]
    assert b"Traceback" not in shown
    assert b"INTERNALERROR" not in shown
    assert b"\x1b[2J" not in shown
    report = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
    assert report
    assert "\x1b" not in (tmp_path / "report" / "report.html").read_text("utf-8")
