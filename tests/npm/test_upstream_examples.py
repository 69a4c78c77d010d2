"""The example plugins of signalk-server, compiled from the sources in its npm package, and judged as they are.

What each of them breaks is a true finding about it: docs/findings.md says so. A change in either direction is red.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.npm

SERVER = "signalk-server@2.32.0"
COMPILER = "assemblyscript@0.27.37"
SDK = "@signalk/assemblyscript-plugin-sdk@0.2.0"


# All of their sources would be published, and their SDK would be installed on every boat.
PACKAGE = {"PKG-014": "warn", "PKG-018": "warn"}
# Texts are put into JSON as they came; points of routes are dropped; nothing is kept in a file; any value is taken.
RESOURCES = {"RES-006": "fail", "RES-007": "warn", "RES-010": "warn", "RES-011": "warn", "RES-013": "fail"}
# What stands against each of them; every one is a finding about the example, written down in docs/findings.md.
FINDINGS = {
    "example-hello-assemblyscript": {"CAP-005": "fail", "CAP-010": "warn", **PACKAGE},
    "example-routes-waypoints": {**PACKAGE, **RESOURCES},
}
# At the least so many requirements apply: an example that nothing is asked of would prove nothing.
JUDGED = {"example-hello-assemblyscript": 65, "example-routes-waypoints": 48}


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} in {folder}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="session")
def examples(tmp_path_factory):
    """The folder of examples, each compiled."""
    root = tmp_path_factory.mktemp("upstream")
    packed = run(["npm", "pack", "--silent", SERVER], root).split()[-1]
    shutil.unpack_archive(root / packed, root, filter="data")
    sources = root / "package" / "examples" / "wasm-plugins"
    (root / "package.json").write_text('{"private": true}')
    run(
        [
            "npm",
            "install",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            COMPILER,
            SDK,
            "assemblyscript-json@1.1.0",
        ],
        root,
    )
    for name in FINDINGS:
        shutil.copytree(sources / name, root / name)
        build = json.loads((root / name / "package.json").read_text())["scripts"]["asbuild:release"]
        run([str(root / "node_modules" / ".bin" / "asc"), *build.split()[1:]], root / name)
    return root


def judged(folder: Path) -> dict[str, str]:
    """The main job on one package: each requirement with its outcome."""
    report = folder.parent / f"{folder.name}.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        f"--wasm-plugin={folder}",
        f"--junitxml={report}",
        "-q",
        "-c",
        "/dev/null",
    ]
    done = subprocess.run(
        [*command, f"--rootdir={folder.parent}"],
        cwd=folder.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stdout)  # noqa: T201 - the judgement itself, for whoever reads the log
    assert done.returncode in (0, 1), done.stdout + done.stderr
    outcomes = {}
    for case in ET.parse(report).iter("testcase"):
        properties = {p.get("name"): p.get("value") for p in case.iter("property")}
        outcomes[properties["wasm_requirement"]] = properties["wasm_outcome"]
    return outcomes


@pytest.mark.parametrize("name", FINDINGS)
def test_example_is_judged(examples, name):
    outcomes = judged(examples / name)
    applied = {requirement: outcome for requirement, outcome in outcomes.items() if outcome != "not-applicable"}
    assert {r: outcome for r, outcome in applied.items() if outcome != "pass"} == FINDINGS[name]
    assert len(applied) >= JUDGED[name]


@pytest.mark.parametrize("name", FINDINGS)
def test_example_lives(examples, name, load_wasm_plugin):
    with load_wasm_plugin(examples / name) as plugin:
        assert plugin.start() == "running"
        plugin.host.advance(6)
        assert plugin.stop() == "stopped"
        assert plugin.status == "Stopped"


def test_hello_greets_and_beats(examples, load_wasm_plugin):
    with load_wasm_plugin(examples / "example-hello-assemblyscript") as plugin, plugin.running():
        plugin.host.advance(10)
        paths = [value["path"] for delta in plugin.emitted for update in delta["updates"] for value in update["values"]]
    beat = "plugins.hello-assemblyscript.heartbeat"
    assert paths == ["notifications.hello", "plugins.hello-assemblyscript.info", beat, beat]


def test_routes_registers_its_providers(examples, load_wasm_plugin):
    with load_wasm_plugin(examples / "example-routes-waypoints") as plugin, plugin.running():
        assert plugin.providers["resource"] == ["routes", "waypoints"]
        assert plugin.status == "Providing 3 waypoints and 1 routes"
