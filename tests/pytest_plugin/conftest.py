"""Runs of pytest within pytest, over plugins in the folder of the inner run."""

import re

import pytest
import syrupy
from hypothesis import settings

# Runs in this process must find the heavy modules loaded, or each would load them anew.
import conformance.differential
import conformance.drivers.exec_driver
import conformance.drivers.signalk_server.install
import conformance.endurance
import conformance.host_judge
import conformance.judge
import pytest_plugin.collection
import pytest_plugin.snapshots
import pytest_plugin.summary  # noqa: F401 - for its effect
from pytest_plugin.results import Results

_IN_ORDER = ("-p", "no:randomly")  # wherever that plugin is installed, too
settings.register_profile("fewer", max_examples=20)
_OUTCOME = re.compile(r"(?P<id>\S+::\S+) (?P<word>[A-Z/]+(?: JUDGED)?)\b")


class Project:
    """An author's project: a folder with an ini file, in which pytest is run."""

    def __init__(self, pytester, monkeypatch):
        self.pytester = pytester
        self.monkeypatch = monkeypatch
        self.path = pytester.path

    def run(self, *args):
        """Run pytest in this process."""
        with self.monkeypatch.context() as patch:
            # Two things that a process has once; the outer run needs its own again, at once.
            patch.setattr(syrupy, "_syrupy", None)
            patch.setattr(Results, "current", getattr(Results, "current", None), raising=False)
            # Python's fault handler, switched on anew, would take away the signals that traps are made of.
            return self.pytester.runpytest_inprocess("-p", "no:faulthandler", *_IN_ORDER, *map(str, args))

    def run_apart(self, *args):
        """Run pytest in a process of its own."""
        return self.pytester.runpytest_subprocess(*_IN_ORDER, *map(str, args))

    def ids(self, *args):
        """The ids of what is collected."""
        result = self.run("--collect-only", "-q", *args)
        assert result.ret == 0, result.outlines + result.errlines
        return [line for line in result.outlines if "::" in line]

    def outcomes(self, *args):
        """What became of each item: `id` → pytest's word, upper case, or one of ours."""
        result = self.run("-v", *args)
        found = {}
        for line in result.outlines:
            match = _OUTCOME.match(line)
            if match:
                found[match["id"]] = match["word"]
        return found

    @staticmethod
    def counts(result):
        """The counts of the last line, by word or words; what was deselected is not counted."""
        rule = next(line for line in reversed(result.outlines) if re.search(r" in \d+\.\d+s", line))
        found = {words: int(count) for count, words in re.findall(r"(\d+) ([a-z ]+?)(?=,| in )", rule)}
        found.pop("deselected", None)
        return found

    def refused(self, *args, apart=False):
        """The message of a usage error: one paragraph, the only thing that is said."""
        result = (self.run_apart if apart else self.run)(*args)
        assert result.ret == pytest.ExitCode.USAGE_ERROR, result.outlines
        everything = result.outlines + result.errlines
        assert not [line for line in everything if "Traceback" in line or "INTERNALERROR" in line]
        said = [line for line in result.errlines if line]
        assert len(said) == 1, said
        assert not [line for line in result.outlines if line], result.outlines
        assert said[0].startswith("ERROR: ")
        return said[0].removeprefix("ERROR: ")


@pytest.fixture
def fewer_examples(monkeypatch):
    """Whole suites are run in this process, and what is tested is the same if they look for less."""
    monkeypatch.setattr(conformance.endurance, "DELTAS", 800)
    monkeypatch.setattr(conformance.endurance, "MEASURED", (100, 200, 400, 800))
    mine = settings._current_profile
    settings.load_profile("fewer")
    yield
    settings.load_profile(mine)


@pytest.fixture
def project(pytester, monkeypatch, fewer_examples):
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    for says_so in ("CI", "BUILD_NUMBER"):  # pytest shows more where it believes to be on a CI machine
        monkeypatch.delenv(says_so, raising=False)
    pytester.makeini("[pytest]")
    return Project(pytester, monkeypatch)
