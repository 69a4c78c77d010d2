"""One plugin in two hosts: what is the same is not blamed; of what differs the first is shown, with the least case."""

import pytest
from hypothesis import settings
from other_host import OtherDriver

import corpus
from conformance import properties
from conformance.catalogues import any_requirement, pair_catalogue
from conformance.differential import judge_pair
from conformance.drivers.reference import RefhostDriver
from conformance.host_trial import HostTrial, line, text
from conformance.subject import Subject
from conformance.verdict import Outcome
from refhost.jsontext import loads
from refhost.package import read_package
from refhost.profiles import profile_of

ALL = [entry.id for group in pair_catalogue() for entry in group.requirements]
ALONE, ORDINARY, EDGE, GENERATED = ALL
AFTER_START = "after `start it` the hosts differ:\n"


def verdict(name, other, package=None, config=None):
    subject = Subject(package or read_package(corpus.plugin("hello-c")), config=config, driver=RefhostDriver())
    return judge_pair(any_requirement(name), subject, other if hasattr(other, "host") else OtherDriver(other))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("plugin", ["hello-c", "hello-component", "hello-assemblyscript"])
def test_two_hosts_that_are_alike(name, plugin):
    found = verdict(name, "none", read_package(corpus.plugin(plugin)))
    assert (found.outcome, found.reason) == (Outcome.PASS, "")


@pytest.mark.parametrize(
    ("change", "said", "last"),
    [
        (
            "refuses",
            "load it: refhost does it, and other-host does not: probe cannot be linked: there is no sk_debug",
            "load hello-c",
        ),
        (
            "status",
            f"{AFTER_START}status: 'Started, run 1' on refhost, 'muttering' on other-host",
            'start {"answer":true}',
        ),
        (
            "state",
            f"{AFTER_START}state: 'running' on refhost, 'stopped' on other-host",
            'start {"answer":true}',
        ),
        (
            "values",
            f"{AFTER_START}it emitted: delta 1: update 1, plugins.hello.starts: value is 1 on refhost, 2 on other-host",
            'start {"answer":true}',
        ),
        (
            "dies",
            "stop it: refhost does it, and other-host does not: The host ended with exit code 1 in the middle of stop.",
            "stop",
        ),
    ],
)
def test_the_first_difference(change, said, last):
    found = verdict(ALONE, change)
    assert (found.outcome, found.cascade) == (Outcome.FAIL, False)
    assert found.reason == said
    assert found.case[-1].replace(f"{corpus.plugin('hello-c').parent}/", "") == last


@pytest.mark.parametrize("name", [ORDINARY, EDGE, GENERATED])
def test_what_differs_without_deltas_is_said_once(name):
    found = verdict(name, "status")
    assert (found.outcome, found.cascade) == (Outcome.FAIL, True)
    assert found.reason.startswith(
        "could not be judged: the hosts differ without any delta (see SAME-001): after `start "
    )


def test_what_a_plugin_logs():
    package = HostTrial(RefhostDriver()).package()
    found = verdict(ALONE, "log", package, {"script": line("sk_debug", text("one"))})
    assert found.reason.startswith("after `start it` the hosts differ:\nit logged: line 1: ")
    assert found.reason.endswith(" on refhost, nothing on other-host")


def test_of_a_recorded_stream_the_delta_that_shows_it():
    assert verdict(ORDINARY, "deaf to the edge").outcome is Outcome.PASS
    found = verdict(EDGE, "deaf to the edge")
    assert found.reason.endswith("it emitted: delta 1 is only there on refhost: plugins.hello.heard")
    delivered = [step for step in found.case if step.startswith("deliver ")]
    assert len(delivered) == 1
    assert found.case[-1] == delivered[0]
    assert '"edge"' in delivered[0]


def test_two_deltas_where_one_shows_nothing():
    """The other host forgets what comes second; nothing less than two deltas shows it."""
    found = verdict(EDGE, Forgetful())
    assert found.outcome is Outcome.FAIL
    assert sum(step.startswith("deliver ") for step in found.case) == 2


class Forgetful(OtherDriver):
    """A host that takes only the first delta about a speed."""

    def host(self, **given):
        from contextlib import contextmanager  # noqa: PLC0415

        @contextmanager
        def first_only():
            with super(Forgetful, self).host(**given) as host:
                inject, heard = host.inject, []

                def once(delta):
                    if "speedOverGround" in delta:
                        heard.append(delta)
                    return inject(delta) if len(heard) < 2 else ""

                host.inject = once
                yield host

        return first_only()


@pytest.mark.parametrize(
    ("change", "value"), [("deaf to texts", ""), ("deaf to large numbers", 101)], ids=["texts", "numbers"]
)
@pytest.mark.long
def test_what_nobody_would_think_of_is_shrunk(monkeypatch, change, value):
    monkeypatch.setattr(properties, "SHRINK_SECONDS", 60.0)  # on a busy machine, too
    # Enough that one has both the value and the path, whatever the strategies happen to make first.
    settings.register_profile("many", parent=settings.get_profile("tests"), max_examples=1000)
    settings.load_profile("many")
    found = verdict(GENERATED, change)
    assert found.outcome is Outcome.FAIL
    *_, delta = found.case
    (update,) = loads(delta.removeprefix("deliver "))["updates"]
    # The value that the other host is deaf to, and the path that the plugin answers: in one entry, or at most in two.
    assert value in [pair["value"] for pair in update["values"]]
    assert "navigation.speedOverGround" in [pair["path"] for pair in update["values"]]
    assert len(update["values"]) <= 2
    assert sum(step.startswith("deliver ") for step in found.case) == 1


def test_a_fault_of_the_driver_is_none_of_the_host():
    found = verdict(ALONE, "rubbish")
    assert found.cascade
    assert found.reason == "could not be judged: The driver wrote a line that is no JSON object."


def test_one_host_in_two_profiles():
    other = RefhostDriver(profile=profile_of("signalk-server-2.32"))
    found = verdict(ALONE, other)
    assert "refhost as documented does it, and refhost as signalk-server-2.32 does not: " in found.reason


def test_two_hosts_of_one_name():
    changed = OtherDriver("status")
    changed.name = "refhost"
    assert "on the first refhost, 'muttering' on the second refhost" in verdict(ALONE, changed).reason


def test_no_time_is_left_where_it_would_be_waited_for(monkeypatch):
    real = OtherDriver()
    real.features -= {"virtual-clock"}
    monkeypatch.setattr(properties, "SHRINK_SECONDS", 0.0)
    found = verdict(EDGE, "deaf to the edge")
    assert found.outcome is Outcome.FAIL  # not the smallest, and a difference all the same
    assert verdict(ALONE, real).outcome is Outcome.PASS
