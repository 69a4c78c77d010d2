"""The commands of `refhost`, in this process and in one of their own."""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner
from honest import Honest
from plugin_files import write_package

from refhost.cli import main


@pytest.fixture
def refhost():
    """Runs a command in this process."""

    def run(*words, **more):
        return CliRunner().invoke(main, [str(word) for word in words], **more)

    return run


@pytest.fixture
def process():
    """Runs a command in a process of its own, with variables of the environment."""

    def run(*words, **variables):
        command = [sys.executable, "-m", "refhost.cli", *map(str, words)]
        return subprocess.run(command, capture_output=True, env={**os.environ, **variables}, check=False, timeout=60)

    return run


@pytest.fixture
def folder(tmp_path):
    """Writes a plugin's package, and says where it is."""

    def write(plugin=None):
        return write_package(tmp_path / "plugin", plugin or Honest())

    return write


@pytest.fixture
def written(tmp_path):
    """Writes a file: JSON, lines of JSON, or a text; and says where it is."""

    def write(name, content):
        path = tmp_path / name
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def lines():
    """The lines of JSON in a text."""

    def read(text):
        return [json.loads(line) for line in text.splitlines()]

    return read


@pytest.fixture
def values():
    """The paths and values of deltas, in order."""

    def read(deltas):
        return [
            (entry["path"], entry["value"])
            for delta in deltas
            for update in delta.get("updates", ())
            for entry in update.get("values", ())
        ]

    return read
