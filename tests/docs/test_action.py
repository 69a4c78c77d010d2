"""The action for GitHub and the hook for pre-commit, as far as they can be run without those."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
import yaml
from honest import Honest
from plugin_files import write_package
from wat import TRAP

import corpus
import pytest_plugin.__main__

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
(JUDGE,) = [step for step in ACTION["runs"]["steps"] if step.get("name") == "Judge"]


def judged(folder, **inputs):
    """Run the action's script with its inputs, the defaults where there are none; its exit code and output."""
    defaults = {name: about["default"] for name, about in ACTION["inputs"].items()}
    given = {**defaults, **inputs}
    environment = {
        name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: given[found[1]], text)
        for name, text in JUDGE["env"].items()
    }
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment |= {"PATH": path, "GITHUB_STEP_SUMMARY": str(folder / "summary.txt"), "HOME": str(folder)}
    done = subprocess.run(
        ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", JUDGE["run"]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.long
def test_a_plugin_in_order(tmp_path):
    shutil.copytree(corpus.plugin("hello-c"), tmp_path, dirs_exist_ok=True)
    status, said = judged(tmp_path)
    assert status == 0, said
    reports = {file.name for file in (tmp_path / "signalk-wasm-report").iterdir()}
    assert {"report.html", "report.json", "summary.md", "badge.json"} <= reports
    assert "hello-c" in unescape((tmp_path / "summary.txt").read_text("utf-8"))


def test_a_broken_plugin_fails_the_job_and_is_in_its_summary(tmp_path):
    write_package(tmp_path / "made", Honest(start=TRAP))
    status, said = judged(tmp_path, plugin="made", args="-q")
    assert status == 1, said
    assert "LIFE-001" in unescape((tmp_path / "summary.txt").read_text("utf-8"))


@pytest.mark.parametrize("evil", ["$(touch evil)", "`touch evil`", "; touch evil", '"; touch evil; "', "a b"])
def test_inputs_are_never_run(evil, tmp_path):
    status, said = judged(tmp_path, plugin=evil, config=evil)
    assert status == 4, said
    assert not (tmp_path / "evil").exists()


def test_no_input_stands_in_a_script():
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


def test_every_input_is_used():
    text = (ROOT / "action.yml").read_text("utf-8")
    assert [name for name in ACTION["inputs"] if f"inputs.{name} }}}}" not in text] == []


def hook():
    (found,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    return found


@pytest.mark.long
def test_the_hook_judges_the_files_that_it_is_given(tmp_path):
    plugin = corpus.plugin("hello-c") / "plugin.wasm"
    assert re.search(hook()["files"], str(plugin))
    program, *rest = shlex.split(hook()["entry"])
    assert program == "python"
    command = [sys.executable, *rest, "-q", str(plugin)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "conformance of hello-c" in done.stdout


def test_no_file_is_a_usage_error(capsys):
    assert pytest_plugin.__main__.main(["-q"]) == pytest.ExitCode.USAGE_ERROR
    assert "Name at least one plugin" in capsys.readouterr().err
