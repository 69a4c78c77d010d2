"""HRELOAD: a plugin is replaced while it runs. What it emits in its stop comes between the old instance and the new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.host_checks.registry import host_check
from conformance.host_trial import emit, kept, line, text, values_of
from conformance.trial import require

if TYPE_CHECKING:
    from conformance.host_trial import HostTrial, Probe

_DELTA = '{"updates":[{"$source":"suite","values":[{"path":"a.b","value":1}]}]}'
_PATH = "probe.meanwhile"


def _reload(probe: Probe) -> None:
    state = probe.session.hot_reload()
    require(state == "running", f"after the reload it is {state}: {probe.session.why()}")


def _meanwhile(probe: Probe, count: int) -> list[int]:
    """Reload a probe that emits so many deltas, numbered, in its stop; the numbers that came afterwards, in order."""
    probe.start(kept("stop", *(emit(_PATH, number) for number in range(count))), hear=True)
    before = len(probe.said)
    _reload(probe)
    heard = [said.removeprefix("heard\t") for said in probe.said[before:] if said.startswith("heard\t")]
    return [value for delta in heard for value in values_of(delta, _PATH)]


@host_check("HRELOAD-001")
def goes_on(trial: HostTrial) -> None:
    """It says what it does."""
    with trial.probe() as probe:
        probe.run(line("say", "started"), kept("stop", line("say", "stopped")))
        _reload(probe)
        require(probe.said == ["started", "stopped", "started"], f"over the reload it said {probe.said}")


@host_check("HRELOAD-002")
def fresh(trial: HostTrial) -> None:
    """By its size, which the old instance let grow: whatever else it had, start sets anew."""
    with trial.probe() as probe:
        before = probe.result("grow\t0")
        probe.do("grow\t50")
        _reload(probe)
        after = int(probe.told[-1][1])
        require(after == before, f"it began with {before} pages of memory, and begins with {after} after a reload")


@host_check("HRELOAD-003")
def in_order(trial: HostTrial) -> None:
    """Fifty."""
    with trial.probe() as probe:
        found = _meanwhile(probe, 50)
        require(found == list(range(50)), f"of the deltas 0 to 49 came {found}")


@host_check("HRELOAD-004")
def as_many(trial: HostTrial) -> None:
    """As many as there is room for."""
    with trial.probe() as probe:
        found = _meanwhile(probe, 1000)
        require(found == list(range(1000)), f"of 1000 deltas came {len(found)}, from {found[:1]} to {found[-1:]}")


@host_check("HRELOAD-005")
def one_more(trial: HostTrial) -> None:
    """One more than there is room for."""
    with trial.probe() as probe:
        found = _meanwhile(probe, 1001)
        require(found == list(range(1, 1001)), f"of 1001 deltas came {len(found)}, from {found[:1]} to {found[-1:]}")


@host_check("HRELOAD-006")
def not_twice(trial: HostTrial) -> None:
    """Before, meanwhile, after."""
    with trial.probe() as probe:
        probe.start(kept("stop", emit(_PATH, "meanwhile")), hear=True)
        probe.home.inject(_DELTA.replace("1", "10"))
        _reload(probe)
        probe.home.inject(_DELTA.replace("1", "30"))
        heard = [delta["updates"][0]["values"][0]["value"] for delta in probe.heard]
        require(heard == [10, "meanwhile", 30], f"over the reload it heard {heard}")


@host_check("HRELOAD-007")
def stays_stopped(trial: HostTrial) -> None:
    """It was started once."""
    with trial.probe() as probe:
        probe.run(line("say", "started"))
        probe.session.stop()
        state = probe.session.hot_reload()
        require(state == "stopped", f"it was stopped, and after the reload it is {state}")
        require(probe.said.count("started") == 1, "it was stopped, and the reload started it")
        probe.run(line("say", "again"))
        require("again" in probe.said, "after the reload it cannot be started")


@host_check("HRELOAD-008")
def registrations(trial: HostTrial) -> None:
    """A PUT before and after."""
    with trial.probe(capabilities={"putHandlers": True}) as probe:
        probe.run(line("sk_register_put_handler", text("vessels.self"), text("probe.script")))
        probe.session.put("vessels.self", "probe.script", "say\tone")
        _reload(probe)
        reply = probe.session.put("vessels.self", "probe.script", "say\ttwo")
        require(reply.status_code == 200, f"after the reload, PUT answered {reply}")
        require(probe.said.count("two") == 1, f"after the reload, the handler ran {probe.said.count('two')} times")


@host_check("HRELOAD-009")
def files(trial: HostTrial) -> None:
    """One that the old instance wrote."""
    with trial.probe("probe-files") as probe:
        probe.run(line("read", "data/x"), line("write", "data/x", "kept"))
        _reload(probe)
        reads = [told for told in probe.told if told[0] == "read"]
        require(reads[-1] == ["read", "0", "kept"], f"after the reload, reading told {reads[-1]}")


@host_check("HRELOAD-010")
def neighbours(trial: HostTrial) -> None:
    """It hears what is emitted meanwhile."""
    with trial.host() as home:
        neighbour = trial.load(home, package="neighbour")
        neighbour.start(line("say", "started"), hear=True)
        probe = trial.load(home)
        probe.start(kept("stop", emit(_PATH, 1)))
        _reload(probe)
        require(neighbour.said.count("started") == 1, "its neighbour was started again")
        require(len(neighbour.heard) == 1, f"its neighbour heard {len(neighbour.heard)} deltas of one")


@host_check("HRELOAD-011")
def polls(trial: HostTrial) -> None:
    """After three reloads."""
    with trial.probe() as probe:
        probe.run(kept("poll", line("say", "poll")))
        for _ in range(3):
            _reload(probe)
        before = probe.said.count("poll")
        probe.home.advance(3.5)
        count = probe.said.count("poll") - before
        require(count == 3 or ("virtual-clock" not in probe.home.features and 2 <= count <= 4), f"{count} in 3.5 s")


@host_check("HRELOAD-012")
def fails(trial: HostTrial) -> None:
    """It saves a configuration that it refuses."""
    with trial.probe() as probe:
        probe.start(kept("stop", emit(_PATH, 1)), hear=True)
        probe.do(line("sk_save_config", text('{"script":"return\\t7","hear":true}')))
        before = len(probe.said)
        state = probe.session.hot_reload()
        require(state == "error", f"its start returned 7, and after the reload it is {state}")
        heard = [said for said in probe.said[before:] if said.startswith("heard")]
        require(not heard, f"its start failed, and it heard {len(heard)} deltas")


@host_check("HRELOAD-013")
def scoped(trial: HostTrial) -> None:
    """With a scope."""
    with trial.probe(package="@boat/probe") as probe:
        probe.run(line("say", "started"))
        _reload(probe)
        require(probe.said.count("started") == 2, f"over the reload it was started {probe.said.count('started')} times")


@host_check("HRELOAD-014")
def emits(trial: HostTrial) -> None:
    """In start, and told by a delta."""
    with trial.probe() as probe:
        probe.run(emit("probe.start", 1))
        _reload(probe)
        probe.do(emit("probe.later", 2))
        for path, wanted in (("probe.start", [1, 1]), ("probe.later", [2])):
            found = probe.values(path)
            require(found == wanted, f"at {path} the host carried {found}, not {wanted}")
