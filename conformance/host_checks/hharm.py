"""HHARM: what one plugin can do to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.host_checks.hput import PATH, SELF, register
from conformance.host_checks.registry import host_check
from conformance.host_trial import HANG_SECONDS, emit, emit_text, kept, line, text
from conformance.trial import require
from refhost.errors import HostError
from refhost.jsontext import dumps, loads

if TYPE_CHECKING:
    from conformance.drivers.interface import HostSession
    from conformance.host_trial import HostTrial, Probe

_DELTA = '{"updates":[{"$source":"suite","values":[{"path":"a.b","value":1}]}]}'
_HELD = {"putHandlers": True, "resourceProvider": True}


def _well(probe: Probe) -> None:
    """A plugin that polls is as it was."""
    require(probe.session.state == "running", f"its neighbour is {probe.session.state}: {probe.session.why()}")
    before = len(probe.values("well.poll"))
    probe.home.advance(2.1)
    require(len(probe.values("well.poll")) > before, "its neighbour is not polled any more")
    heard = len(probe.heard)
    probe.home.inject(_DELTA)
    new = [delta for delta in probe.heard[heard:] if "a.b" in str(delta)]
    require(len(new) == 1, f"its neighbour hears {len(new)} deltas of one")


def _neighbour(trial: HostTrial, home: HostSession, name: str = "well") -> Probe:
    probe = trial.load(home, package=name)
    probe.start(kept("poll", emit("well.poll", 1)), hear=True)
    return probe


@host_check("HHARM-001")
def traps(trial: HostTrial) -> None:
    """In start, poll and the delta handler."""
    with trial.host() as home:
        well = _neighbour(trial, home)
        ill = trial.load(home, package="ill")
        ill.start("trap")
        _well(well)
        ill.start(kept("poll", "trap"))
        _well(well)
        ill.start(kept("delta", "trap"))
        _well(well)


@host_check("HHARM-002")
def loops(trial: HostTrial) -> None:
    """In start, and in poll."""
    with trial.host(call_seconds=HANG_SECONDS) as home:
        well = _neighbour(trial, home)
        ill = trial.load(home, package="ill")
        ill.start("loop")
        _well(well)
        ill.start(kept("poll", "loop"))
        _well(well)


@host_check("HHARM-003")
def delta_handler(trial: HostTrial) -> None:
    """One on either side."""
    with trial.host() as home:
        first = _neighbour(trial, home, "first")
        ill = trial.load(home, package="ill")
        ill.start(kept("delta", "trap"))
        last = _neighbour(trial, home, "last")
        counts = [len(probe.heard) for probe in (first, last)]
        home.inject(_DELTA)
        found = [len(probe.heard) - count for probe, count in zip((first, last), counts, strict=True)]
        require(found == [1, 1], f"beside a plugin that traps, two others hear {found} deltas of one")


@host_check("HHARM-004")
def fills_memory(trial: HostTrial) -> None:
    """As much as it gets."""
    with trial.host() as home:
        well = _neighbour(trial, home)
        trial.load(home, package="ill").start(*(line("grow", "256") for _ in range(32)))
        _well(well)
        require(well.do(line("grow", "16"))[-1][1] != "-1", "its neighbour gets no memory any more")


@host_check("HHARM-005")
def same_id(trial: HostTrial) -> None:
    """The same package twice, and a bare binary that says the same."""
    with trial.host() as home:
        first = _neighbour(trial, home, "probe")
        for package in ("probe", ""):
            try:
                second = home.load(trial.package(package=package))
            except HostError as error:
                require("probe" in str(error), f"the error does not name the id: {error}")
            else:
                require(second.id != first.session.id, f"two plugins have the id {second.id}")
        _well(first)


@host_check("HHARM-006")
def same_path(trial: HostTrial) -> None:
    """Then the second stops."""
    with trial.host() as home:
        first = trial.load(home, package="first", capabilities=_HELD)
        first.run(register())
        second = trial.load(home, package="second", capabilities=_HELD)
        second.run(register())
        reply = first.session.put(SELF, PATH, "say\tput")
        require(reply.status_code == 200, f"two plugins take {PATH}, and a PUT gave {reply}")
        count = first.said.count("put") + second.said.count("put")
        require(count == 1, f"one PUT was handled {count} times")
        second.session.stop()
        reply = first.session.put(SELF, PATH, "say\tput")
        require(reply.status_code == 200, f"the second has stopped, and a PUT gave {reply}")
        require("put" in first.said, "the second has stopped, and the first is not asked")


@host_check("HHARM-007")
def same_type(trial: HostTrial) -> None:
    """Then the first stops."""
    with trial.host() as home:
        provide = line("sk_register_resource_provider", text("routes"))
        first, second = (trial.load(home, package=name, capabilities=_HELD) for name in ("first", "second"))
        first.run(provide)
        second.run(provide)
        first.session.stop()
        reply = home.provide("resource", "routes", "list")
        found = loads(reply.value_text or "null")
        require(found == {"one": {"name": "One"}}, f"the first has stopped, and the second's list is {reply}")


@host_check("HHARM-008")
def timers(trial: HostTrial) -> None:
    """One of two."""
    with trial.host() as home:
        well, other = _neighbour(trial, home), _neighbour(trial, home, "other")
        other.session.stop()
        _well(well)
        other.session.unload()
        _well(well)


@host_check("HHARM-009")
def crashes(trial: HostTrial) -> None:
    """Three of one, one of the other."""
    with trial.host() as home:
        ill = trial.load(home, package="ill")
        ill.run(kept("delta", "trap"))
        other = trial.load(home, package="other")
        other.run(line("say", "started"))
        for seconds in (1, 2, 4):
            home.inject(_DELTA)
            home.advance(seconds + 0.5)
        ill.session.stop()
        other.do("trap")
        require(other.session.state == "crashed", f"after its first crash the other is {other.session.state}")
        home.advance(1.5)
        require(other.session.state == "running", f"1.5 s after its first crash the other is {other.session.state}")


@host_check("HHARM-010")
def words(trial: HostTrial) -> None:
    """Each says its own."""
    with trial.host() as home:
        probes = [trial.load(home, package=name) for name in ("first", "second")]
        for name, probe in zip(("first", "second"), probes, strict=True):
            probe.run(line("sk_set_status", text(name)), line("say", f"I am {name}"))
        require([probe.session.status for probe in probes] == ["first", "second"], "the statuses are mixed up")
        for name, probe in zip(("second", "first"), probes, strict=True):
            require(f"I am {name}" not in probe.said, f"the log of {probe.session.id} has the words of {name}")


@host_check("HHARM-011")
def forges(trial: HostTrial) -> None:
    """The source, and the plugin, are its own."""
    with trial.host() as home:
        honest = trial.load(home, package="honest")
        honest.run(emit("boat.name", "honest"))
        forger = trial.load(home, package="forger")
        claimed = {
            "$source": "honest",
            "source": {"label": "honest"},
            "values": [{"path": "boat.name", "value": "forged"}],
        }
        forger.run(emit_text(dumps({"updates": [claimed]})))
        sources = [loads(delta.text)["updates"][0]["$source"] for delta in home.deltas if "boat.name" in delta.text]
        require(sources == ["honest", "forger"], f"two plugins emitted, and the sources are {sources}")
        require(honest.values("boat.name") == ["honest"], "a delta of the forger's counts as the honest plugin's")


@host_check("HHARM-012")
def stops(trial: HostTrial) -> None:
    """Both stop, the one that traps first."""
    with trial.host() as home:
        ill = trial.load(home, package="ill")
        ill.run(kept("stop", "trap"))
        well = trial.load(home, package="well")
        well.run(kept("stop", emit("well.stopped", 1)))
        ill.session.stop()
        well.session.stop()
        require(well.values("well.stopped") == [1], "its neighbour was not stopped in order")
