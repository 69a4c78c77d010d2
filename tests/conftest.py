"""What all tests share: `--contract-table`, which writes the table at the end of docs/contract.md."""

import gc
import os

import pytest

# Thousands of small plugins are compiled here: none of them is worth keeping.
os.environ["SIGNALK_WASM_CACHE"] = "off"


def pytest_addoption(parser):
    shown = "write what implements and tests each function into docs/contract.md"
    parser.addoption("--contract-table", action="store_true", help=shown)


def pytest_configure(config):
    if config.getoption("contract_table"):
        # Only now: it imports the host, which other runs of these tests must be able to do without.
        from contract_table import Recorder  # noqa: PLC0415 - as said

        config.pluginmanager.register(_Listener(Recorder()), "contract-table")


@pytest.fixture(autouse=True, scope="module")
def _frozen():
    """What is held of thousands of tests is not looked through again with each collection of garbage.

    A collection in the middle of a call would count as the plugin's time, of which some have little in these tests.
    """
    gc.collect()
    gc.freeze()


class _Listener:
    """Tells the recorder which test runs, and writes the table when all have passed."""

    def __init__(self, recorder):
        self.recorder = recorder
        self.patch = pytest.MonkeyPatch()

    def pytest_sessionstart(self):
        self.recorder.start(self.patch)

    def pytest_ignore_collect(self, collection_path):
        """The table that is there is not judged while it is written anew."""
        return True if collection_path.name == "test_contract_table.py" else None

    def pytest_runtest_logstart(self, nodeid):
        self.recorder.module = nodeid.partition("::")[0].removeprefix("tests/")

    def pytest_sessionfinish(self, exitstatus):
        from contract_table import write  # noqa: PLC0415 - as above

        self.patch.undo()
        if exitstatus == pytest.ExitCode.OK:
            write(self.recorder)
