"""The reference host in this process, and behind the protocol."""

import sys

import pytest

from conformance.drivers.exec_driver import ExecDriver
from conformance.drivers.reference import RefhostDriver

SERVE = f"exec:{sys.executable} -m conformance.drivers.serve"


@pytest.fixture(scope="package")
def served():
    driver = ExecDriver(SERVE)
    yield driver
    driver.close()


@pytest.fixture(params=["in-process", "served"])
def driver(request):
    return RefhostDriver() if request.param == "in-process" else request.getfixturevalue("served")
