"""The checks that take capabilities away see it when a host does not, and say what came of it."""

import pytest
from asking import Asking
from fetcher import Fetcher
from honest import Honest
from offering import Offering

from conformance.catalogue import requirement
from conformance.drivers.reference import RefhostDriver
from conformance.judge import judge
from conformance.subject import Subject
from conformance.verdict import Outcome


class Generous(RefhostDriver):
    """A host that takes nothing away."""

    def session(self, package, *, grants=None, call_seconds=None):
        return super().session(package, call_seconds=call_seconds)


@pytest.mark.parametrize(
    ("requirement_id", "package", "seen"),
    [
        ("CAP-006", Honest().package(), "without dataWrite, and against what the host owes, it emitted deltas"),
        ("CAP-008", Honest().package(), "without storage, and against what the host owes, it wrote files"),
        ("CAP-011", Offering().package(), "it opened sockets"),
        ("CAP-012", Honest().package(), "it registered PUT vessels.self plugins.wat.switch"),
        ("CAP-013", Honest().package(), "it named HTTP endpoints"),
        ("CAP-014", Offering().package(), "it registered resource waypoints"),
        ("CAP-015", Offering().package(), "it registered weather WAT weather"),
        ("CAP-016", Offering().package(), "it registered radar WAT radars"),
        ("CAP-017", Asking().package(), "it made HTTP requests"),
    ],
)
def test_an_effect_without_the_capability_is_seen(requirement_id, package, seen):
    verdict = judge(requirement(requirement_id), Subject(package, driver=Generous()))
    assert verdict.outcome is Outcome.FAIL
    assert seen in verdict.reason


@pytest.mark.parametrize("requirement_id", ["CAP-004", "CAP-019"])
def test_a_package_without_capabilities_asks_for_none(requirement_id):
    verdict = judge(requirement(requirement_id), Subject(Honest(capabilities=None).package()))
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.reason == "the plugin has no package.json with wasmCapabilities"


def test_what_cannot_be_used_at_all_is_cap_004s():
    subject = Subject(Honest(capabilities={"dataRead": True, "dataWrite": True, "rawSockets": True}).package())
    assert "it declares rawSockets" in judge(requirement("CAP-004"), subject).reason
    assert judge(requirement("CAP-019"), subject).outcome is Outcome.NOT_APPLICABLE


def test_fetching_is_not_taken_from_a_plugin_that_cannot_be_linked_without():
    verdict = judge(requirement("CAP-017"), Subject(Fetcher().package()))
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.reason.startswith("without network no host links as-fetch (§7, §18)")
