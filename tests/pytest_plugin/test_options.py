"""Every option can stand in the ini file or says that it cannot, and has runs of pytest of its own in these tests."""

import re
from pathlib import Path

import pytest

from pytest_plugin import options

HERE = Path(__file__).parent


class Parser:
    """Remembers what is added."""

    def __init__(self):
        self.options, self.ini = {}, {}

    def getgroup(self, *_):
        return self

    def addoption(self, name, **described):
        self.options[name] = described["help"]

    def addini(self, name, described, **_):
        self.ini[name] = described


ADDED = Parser()
options.add(ADDED)
# What their tests are called: of each option, but those of hosts, which come together.
TESTS = {path: path.read_text("utf-8") for kind in ("option", "host") for path in HERE.glob(f"test_{kind}_*.py")}


def ini_key(option):
    return option.removeprefix("--").replace("-", "_")


@pytest.mark.parametrize("option", ADDED.options)
def test_it_has_tests(option):
    assert [path for path, text in TESTS.items() if re.search(rf"{option}\b(?!-)", text)]


@pytest.mark.parametrize("option", ADDED.options)
def test_it_has_an_ini_key_or_says_why_not(option):
    key = ini_key(option)
    assert (key in ADDED.ini) is not ("no ini key" in ADDED.options[option])
    if key in ADDED.ini:
        assert option in ADDED.ini[key]
        # In an ini file of a test: `wasm_plugin = …`.
        assert [path for path, text in TESTS.items() if re.search(rf"(\b|\\n){key} *=", text)]


def test_every_ini_key_is_an_option():
    assert set(ADDED.ini) <= {ini_key(option) for option in ADDED.options}


def test_help_has_them_all(project):
    result = project.run("--help")
    shown = " ".join(" ".join(result.outlines).split())
    for option in ADDED.options:
        assert f" {option}" in shown
    for key in ADDED.ini:
        assert f" {key} (" in shown
