"""What a plugin says about itself (contract §3, §4, §7)."""

from __future__ import annotations

import random

import pytest

from refhost.capabilities import CAPABILITIES, Grants
from refhost.clock import Clock
from refhost.errors import PluginAbort
from refhost.journal import Journal
from refhost.services.runtime import RuntimeService
from refhost.services.status import StatusService


@pytest.fixture
def journal():
    return Journal(Clock())


@pytest.fixture
def service(journal):
    return StatusService(lambda: "p", Grants.declared({"network": True, "storage": "none"}), journal)


def test_the_latest_status_and_error_count(service):
    assert (service.status, service.error) == ("", "")
    for number in (1, 2):
        service.set_status(f"status {number}")
        service.set_error(f"error {number}")
    assert (service.status, service.error) == ("status 2", "error 2")
    service.set_status("")
    assert service.status == ""


def test_every_word_is_a_record_as_it_came(service, journal):
    words = "a\nb\t\x1b[31m\0"
    for say in (service.set_status, service.set_error, service.debug, service.console, service.log_error):
        say(words)
    assert [record.kind for record in journal.records] == ["status", "error", "debug", "console", "log-error"]
    assert all(record.plugin == "p" and record.text == words for record in journal.records)


def test_logging_leaves_status_and_error_alone(service):
    for say in (service.debug, service.console, service.log_error):
        say("x")
    assert (service.status, service.error) == ("", "")


def test_capabilities_are_answered_as_granted(service):
    granted = {name for name in CAPABILITIES if service.has_capability(name)}
    assert granted == {"dataRead", "dataWrite", "network", "staticFiles"}
    assert not service.has_capability("nonsense")


# -- the runtime of AssemblyScript


def test_seeds_come_from_the_randomness_of_the_host():
    seeds = [RuntimeService(random.Random(n)).seed() for n in (1, 1, 2)]
    assert seeds[0] == seeds[1] != seeds[2]
    assert 0 <= seeds[0] < 1


@pytest.mark.parametrize(
    ("message", "file", "told"),
    [
        ("why", "a.ts", "aborted: 'why' (in 'a.ts', line 1, column 2)"),
        ("", "", "aborted (in an unnamed file, line 1, column 2)"),
        ("a\nb", "", "aborted: 'a\\nb' (in an unnamed file, line 1, column 2)"),
    ],
)
def test_abort_tells_all_on_one_line(message, file, told):
    with pytest.raises(PluginAbort) as caught:
        RuntimeService(random.Random()).abort(message, file, 1, 2)
    assert caught.value.message == told
