"""HLIMIT: plugins without end: in time, in memory, in depth, in number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.host_checks.hput import PATH, SELF, register
from conformance.host_checks.registry import host_check
from conformance.host_trial import HANG_SECONDS, emit_text, kept, line, text
from conformance.trial import require
from refhost.errors import HostError

if TYPE_CHECKING:
    from conformance.drivers.interface import HostSession
    from conformance.host_trial import HostTrial, Probe

_DELTA = '{"updates":[{"$source":"suite","values":[{"path":"a.b","value":1}]}]}'
_ENDLESS = "(loop $for_ever (br $for_ever))"
_HELD = {"putHandlers": True, "resourceProvider": True}


def _goes_on(trial: HostTrial, home: HostSession) -> None:
    other = trial.load(home, package="another")
    require(other.start(line("say", "here")) == "running", "afterwards a plugin in order does not run")
    require("here" in other.said, "afterwards a plugin in order does nothing")


def _timed_out(probe: Probe, where: str) -> None:
    require(probe.session.fault == "timeout", f"{where} did not return, and the fault is {probe.session.fault!r}")


@host_check("HLIMIT-001")
def in_start(trial: HostTrial) -> None:
    """At once."""
    with trial.probe(call_seconds=HANG_SECONDS) as probe:
        probe.start("loop")
        _timed_out(probe, "start")
        require(probe.session.state == "error", f"start did not return, and it is {probe.session.state}")
        _goes_on(trial, probe.home)


@host_check("HLIMIT-002")
def in_stop(trial: HostTrial) -> None:
    """It is not running then."""
    with trial.probe(call_seconds=HANG_SECONDS) as probe:
        probe.run(kept("stop", "loop"))
        state = probe.session.stop()
        _timed_out(probe, "stop")
        require(state in {"stopped", "error"}, f"stop did not return, and it is {state}")
        _goes_on(trial, probe.home)


@host_check("HLIMIT-003")
def in_delta_handler(trial: HostTrial) -> None:
    """Others get the delta."""
    with trial.host(call_seconds=HANG_SECONDS) as home:
        probe = trial.load(home)
        probe.run(kept("delta", "loop"))
        other = trial.load(home, package="other")
        other.start(hear=True)
        home.inject(_DELTA)
        _timed_out(probe, "the delta handler")
        require(len(other.heard) == 1, f"another plugin heard {len(other.heard)} deltas of one")


@host_check("HLIMIT-004")
def in_put_handler(trial: HostTrial) -> None:
    """A client waits."""
    with trial.probe(call_seconds=HANG_SECONDS, capabilities=_HELD) as probe:
        probe.run(register(), kept("put", "loop"))
        reply = probe.session.put(SELF, PATH, 1)
        require((reply.state, reply.status_code) == ("COMPLETED", 500), f"a handler that does not return gave {reply}")
        _timed_out(probe, "the PUT handler")


@host_check("HLIMIT-005")
def in_provider(trial: HostTrial) -> None:
    """A client waits."""
    with trial.probe(call_seconds=HANG_SECONDS, capabilities=_HELD) as probe:
        probe.run(line("sk_register_resource_provider", text("routes")), kept("resource", "loop"))
        reply = probe.home.provide("resource", "routes", "list")
        require(reply.value_text == "{}", f"a provider that does not return gave {reply}")
        _timed_out(probe, "the provider")


def _endless(trial: HostTrial, changes: dict[str, str], what: str) -> None:
    with trial.host(call_seconds=HANG_SECONDS) as home:
        try:
            session = home.load(trial.package("plain", changes=changes))
            state = session.start({})
        except HostError:
            pass
        else:
            require(state == "error", f"{what} does not return, and the plugin is {state}")
        _goes_on(trial, home)


@host_check("HLIMIT-006")
def in_name(trial: HostTrial) -> None:
    """While it is loaded."""
    given = "(call $give (i32.const 32) (i32.const 5) (local.get $out))"
    _endless(trial, {given: f"{_ENDLESS} (i32.const 0)"}, "plugin_name")


@host_check("HLIMIT-007")
def in_allocate(trial: HostTrial) -> None:
    """While it is loaded."""
    _endless(trial, {"(local.get $at))\n": f"{_ENDLESS} (i32.const 0))\n"}, "allocate")


@host_check("HLIMIT-008")
def in_start_section(trial: HostTrial) -> None:
    """While it is instantiated."""
    _endless(trial, {";; more exports": f"(func $endless {_ENDLESS}) (start $endless)"}, "its start function")


@host_check("HLIMIT-009")
def memory(trial: HostTrial) -> None:
    """A gigabyte, sixteen megabytes at a time."""
    with trial.probe() as probe:
        probe.start(*(line("grow", "256") for _ in range(64)))
        results = [told[1] for told in probe.told if told[0] == "grow"]
        require("-1" in results or probe.session.fault, "a gigabyte of memory was given")
        _goes_on(trial, probe.home)


@host_check("HLIMIT-010")
def recursion(trial: HostTrial) -> None:
    """In start, and in poll."""
    with trial.probe() as probe:
        probe.start("recurse", line("say", "after"))
        require("after" not in probe.said, "it has no end, and it returned")
        require(probe.session.state == "error", f"after endless recursion in start it is {probe.session.state}")
        probe.run(kept("poll", "recurse"))
        probe.home.advance(1.1)
        require(probe.session.fault, "poll did not end, and no fault is told")
        _goes_on(trial, probe.home)


@host_check("HLIMIT-011")
def long_text(trial: HostTrial) -> None:
    """Forty megabytes of each."""
    with trial.probe() as probe:
        probe.start(*(line(name, f"z:{40_000_000}") for name in ("sk_debug", "sk_set_status", "sk_set_error")))
        _goes_on(trial, probe.home)


@host_check("HLIMIT-012")
def long_delta(trial: HostTrial) -> None:
    """Forty megabytes of no delta, and twenty of one."""
    with trial.probe() as probe:
        probe.start(line("sk_handle_message", f"z:{40_000_000}", "n:1"))
        require(not probe.emitted, "forty megabytes of x were carried")
        value = "x" * 20_000_000
        with_value = f'{{"updates":[{{"values":[{{"path":"a.b","value":"{value}"}}]}}]}}'
        probe.start(emit_text(with_value))
        _goes_on(trial, probe.home)


@host_check("HLIMIT-013")
def many_texts(trial: HostTrial) -> None:
    """Fifty thousand."""
    with trial.probe() as probe:
        probe.start(line("repeat", "50000", "sk_debug\ts:words"))
        _goes_on(trial, probe.home)


@host_check("HLIMIT-014")
def many_failures(trial: HostTrial) -> None:
    """Thirty thousand."""
    with trial.probe() as probe:
        probe.start(line("repeat", "30000", "sk_save_config\ts:{"))
        _goes_on(trial, probe.home)


@host_check("HLIMIT-015")
def huge_memory(trial: HostTrial) -> None:
    """65536 pages."""
    with trial.host() as home:
        changes = {'(memory (export "memory") 2)': '(memory (export "memory") 65536)'}
        try:
            session = home.load(trial.package("plain", changes=changes))
        except HostError as error:
            require(str(error), "the error is empty")
        else:
            given = session.memory_bytes if "memory" in home.features else 0
            require(given < 2**32, "four gigabytes of memory were given")
        _goes_on(trial, home)


@host_check("HLIMIT-016")
def tables(trial: HostTrial) -> None:
    """It grows until it gets no more, at most twenty million entries."""
    changes = {
        ";; more exports": "(table $t 1 funcref)",
        "(i32.const 0) (; start ;)": """(local $n i32)
          (block $full (loop $more
            (br_if $full (i32.eq (table.grow $t (ref.null func) (i32.const 100000)) (i32.const -1)))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $more (i32.lt_u (local.get $n) (i32.const 200)))))
          (i32.ge_u (local.get $n) (i32.const 200))""",
    }
    with trial.host() as home:
        session = home.load(trial.package("plain", changes=changes))
        state = session.start({})
        require(state == "running" or session.fault, "a table of twenty million entries was given")
        _goes_on(trial, home)
