"""The guide for host implementers: its programs run, and every message in it is one of the protocol."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.drivers.features import FEATURES
from conformance.drivers.protocol import CODES, EVENTS, METHODS
from conformance.drivers.schemas import FAILED, problem

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "guides" / "write-a-driver.md").read_text("utf-8")
EXAMPLE = (ROOT / "conformance/drivers/examples/node-minimal/node-minimal.mjs").read_text("utf-8")
FENCED = re.compile(r"^```(?P<language>\w*)(?: file=(?P<file>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = list(FENCED.finditer(GUIDE))


def messages():
    """Each message with the schema that it is to be checked against: its kind, its name."""
    for block in BLOCKS:
        if block["language"] != "json":
            continue
        asked = {}
        for line in block["text"].splitlines():
            message = json.loads(line)
            if "event" in message:
                yield "events", message["event"], message
            elif "method" in message:
                asked[message["id"]] = message["method"]
                yield "requests", message["method"], message
            else:
                yield "replies", FAILED if "error" in message else asked[message["id"]], message


@pytest.mark.parametrize(("kind", "name", "message"), list(messages()))
def test_a_message_is_one_of_the_protocol(kind, name, message):
    assert problem(kind, name, message) == ""


def test_every_message_is_explained():
    shown = {kind: {name for of, name, _ in messages() if of == kind} for kind in ("requests", "replies", "events")}
    assert shown == {"requests": set(METHODS), "replies": {*METHODS, FAILED}, "events": set(EVENTS)}


@pytest.mark.parametrize("word", [*FEATURES, *CODES, *METHODS, *EVENTS])
def test_every_word_is_there(word):
    assert re.search(rf"[`\"]{word}[`\"]", GUIDE)


def test_every_request_is_answered():
    for block in BLOCKS:
        if block["language"] == "json":
            told = [json.loads(line) for line in block["text"].splitlines()]
            asked = [message for message in told if "event" not in message]
            assert all("method" in message for message in asked[::2])
            assert [message["id"] for message in asked[::2]] == [message["id"] for message in asked[1::2]]


def test_the_driver_is_that_of_the_example_and_short():
    (driver,) = [block["text"] for block in BLOCKS if block["language"] == "js" and not block["file"]]
    assert EXAMPLE.endswith(driver)
    assert len(driver.splitlines()) < 100


@pytest.mark.npm
def test_the_first_driver(tmp_path):
    """It says what the guide says that it says."""
    (program,) = [block for block in BLOCKS if block["file"]]
    (tmp_path / program["file"]).write_text(program["text"], "utf-8")
    script, expected = [block["text"] for block in BLOCKS if block["language"] in {"sh", ""}][:2]
    assert script == "python -m conformance smoke 'exec:node hello.mjs'\n"
    command = [sys.executable, "-m", "conformance", "smoke", "exec:node hello.mjs"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == (expected, 1)


@pytest.mark.npm
def test_the_whole_driver():
    script = [block["text"] for block in BLOCKS if block["language"] == "sh"][1]
    assert script == "python -m conformance smoke 'exec:node node-minimal.mjs'\n"
    folder = ROOT / "conformance/drivers/examples/node-minimal"
    command = [sys.executable, "-m", "conformance", "smoke", "exec:node node-minimal.mjs"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert re.findall(r"^\w+ +(\w+)", done.stdout, re.MULTILINE) == ["ok"] * 7


@pytest.mark.npm
def test_it_is_judged(tmp_path):
    """The guide's last command, of which a few requirements are enough here."""
    script = [block["text"] for block in BLOCKS if block["language"] == "sh"][-1]
    (tmp_path / "node-minimal.mjs").write_text(EXAMPLE, "utf-8")
    command = [sys.executable, "-m", *shlex.split(script), "-k", "HDELTA-001 or HVFS-001", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "= conformance of node-minimal =" in done.stdout
    assert re.search(r"1 passed, .*1 not applicable", done.stdout)
    assert "the host node-minimal does not have the feature files" in done.stdout
