"""HLIFE: what a host calls in which state, and what a plugin may do in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.host_checks.hlink import accepted
from conformance.host_checks.registry import host_check
from conformance.host_trial import Probe, emit, kept, line, text
from conformance.trial import require
from refhost.errors import HostError
from refhost.jsontext import loads

if TYPE_CHECKING:
    from conformance.host_trial import HostTrial

_DELTA = '{"updates":[{"$source":"suite","values":[{"path":"a.b","value":1}]}]}'
_SCHEMA = "(call $give (i32.const 64) (i32.const 17) (local.get $out))"
_REGISTER = line("sk_register_put_handler", text("vessels.self"), text("probe.script"))
ASKING = {"putHandlers": True, "resourceProvider": True, "httpEndpoints": True}


def _state(probe: Probe, wanted: str, when: str) -> None:
    require(probe.session.state == wanted, f"{when} it is {probe.session.state}, not {wanted}: {probe.session.why()}")


@host_check("HLIFE-001")
def loads_only(trial: HostTrial) -> None:
    """Its start would set a status."""
    changes = {
        ";; more imports": '(import "env" "sk_set_status" (func $status (param i32 i32)))',
        "(i32.const 0) (; start ;)": "(call $status (i32.const 32) (i32.const 5)) (i32.const 0)",
    }
    with trial.probe("plain", changes=changes) as probe:
        probe.home.advance(3)
        _state(probe, "stopped", "loaded")
        require(not probe.session.status, f"its start was called: the status is {probe.session.status!r}")
        require(probe.session.id == "probe", f"its id is {probe.session.id!r}")
        require(probe.session.schema_text == '{"type":"object"}', f"its schema is {probe.session.schema_text!r}")


@host_check("HLIFE-002")
def starts(trial: HostTrial) -> None:
    """Zero."""
    with trial.probe() as probe:
        probe.start(line("say", "started"))
        _state(probe, "running", "after a start that returned 0")
        require("started" in probe.said, "start was not called")


@host_check("HLIFE-003")
def start_refuses(trial: HostTrial) -> None:
    """A number that is told again."""
    for code in (1, 42, -7):
        with trial.probe() as probe:
            probe.start(line("return", str(code)))
            _state(probe, "error", f"after a start that returned {code}")
            require(
                probe.session.status_code == code, f"start returned {code}, and {probe.session.status_code} is told"
            )
            require(
                str(code) in probe.session.why(), f"start returned {code}, and the error is {probe.session.why()!r}"
            )


@host_check("HLIFE-004")
def start_traps(trial: HostTrial) -> None:
    """With a neighbour."""
    with trial.host() as home:
        neighbour = trial.load(home, package="neighbour")
        neighbour.run()
        probe = trial.load(home)
        probe.start("trap")
        _state(probe, "error", "after a trap in start")
        require(probe.session.fault == "trap", f"the fault is {probe.session.fault!r}")
        require(neighbour.session.state == "running", f"its neighbour is {neighbour.session.state}")


@host_check("HLIFE-005")
def starts_once(trial: HostTrial) -> None:
    """Twice the same."""
    with trial.probe() as probe:
        script = {"script": line("say", "started")}
        probe.session.start(script)
        probe.session.start(script)
        _state(probe, "running", "started twice")
        require(probe.said.count("started") == 1, f"start was called {probe.said.count('started')} times")


@host_check("HLIFE-006")
def stops(trial: HostTrial) -> None:
    """And again, which changes nothing."""
    with trial.probe() as probe:
        probe.run(kept("stop", line("say", "stopped")))
        probe.session.stop()
        _state(probe, "stopped", "after stop")
        probe.session.stop()
        require(probe.said.count("stopped") == 1, f"plugin_stop was called {probe.said.count('stopped')} times")


@host_check("HLIFE-007")
def stop_refuses(trial: HostTrial) -> None:
    """It cannot stay."""
    with trial.probe() as probe:
        probe.run(kept("stop", line("return", "42")))
        probe.session.stop()
        _state(probe, "stopped", "after a stop that returned 42")
        found = [record for record in probe.log if record.kind != "debug" and "42" in record.text]
        require(found, "the log does not have the 42 that stop returned")


@host_check("HLIFE-008")
def stop_traps(trial: HostTrial) -> None:
    """And starts again, without what it kept."""
    with trial.probe() as probe:
        probe.run(kept("stop", "trap"))
        probe.session.stop()
        _state(probe, "error", "after a trap in stop")
        probe.run(line("say", "anew"))
        _state(probe, "running", "started after a trap in stop")
        require("anew" in probe.said, "start was not called after a trap in stop")


@host_check("HLIFE-009")
def polls(trial: HostTrial) -> None:
    """Five seconds."""
    with trial.probe() as probe:
        probe.run(kept("poll", line("say", "poll")))
        probe.home.advance(5.5)
        count = probe.said.count("poll")
        require(count == 5 or ("virtual-clock" not in probe.home.features and 4 <= count <= 6), f"{count} in 5.5 s")


@host_check("HLIFE-010")
def polls_no_more(trial: HostTrial) -> None:
    """After two seconds."""
    with trial.probe() as probe:
        probe.run(kept("poll", line("say", "poll")))
        probe.home.advance(2.5)
        probe.session.stop()
        before = probe.said.count("poll")
        probe.home.advance(3)
        after = probe.said.count("poll")
        require(before > 0, "poll was not called while it ran")
        require(after == before, f"poll was called {after - before} times after stop")


@host_check("HLIFE-011")
def poll_refuses(trial: HostTrial) -> None:
    """It is called again."""
    with trial.probe() as probe:
        probe.run(kept("poll", line("say", "poll"), line("return", "42")))
        probe.home.advance(2.5)
        _state(probe, "running", "after a poll that returned 42")
        require(probe.said.count("poll") >= 2, f"poll was called {probe.said.count('poll')} times in 2.5 s")
        found = [record for record in probe.log if record.kind != "debug" and "42" in record.text]
        require(found, "the log does not have the 42 that poll returned")


@host_check("HLIFE-012")
def deltas_while_running(trial: HostTrial) -> None:
    """Before, meanwhile, after."""
    with trial.probe() as probe:
        probe.home.inject(_DELTA)
        probe.start(hear=True)
        require(not probe.heard, "a delta from before its start was delivered")
        probe.home.inject(_DELTA)
        require(len(probe.heard) == 1, f"{len(probe.heard)} deltas were delivered of one")
        probe.session.stop()
        probe.home.inject(_DELTA)
        require(len(probe.heard) == 1, "a delta was delivered after stop")


@host_check("HLIFE-013")
def silent_after_failure(trial: HostTrial) -> None:
    """It keeps scripts, then refuses."""
    with trial.probe() as probe:
        probe.start(kept("poll", line("say", "poll")), line("return", "1"), hear=True)
        _state(probe, "error", "after a start that returned 1")
        probe.home.advance(3)
        probe.home.inject(_DELTA)
        require("poll" not in probe.said, "poll was called after a start that failed")
        require(not probe.heard, "a delta was delivered after a start that failed")


@host_check("HLIFE-014")
def starts_again(trial: HostTrial) -> None:
    """Three times."""
    with trial.probe() as probe:
        for words in ("one", "two", "three"):
            probe.start(line("say", words))
            _state(probe, "running", f"after start {words}")
            require(words in probe.said, f"start {words} was not called")
            probe.session.stop()
            _state(probe, "stopped", "after stop")


@host_check("HLIFE-015")
def emits_at_the_ends(trial: HostTrial) -> None:
    """Both ends."""
    with trial.probe() as probe:
        probe.run(emit("a.start", 1), kept("stop", emit("a.stop", 2)))
        require(probe.values("a.start") == [1], "what it emitted in start did not get out")
        probe.session.stop()
        require(probe.values("a.stop") == [2], "what it emitted in stop did not get out")


@host_check("HLIFE-016")
def emits_and_fails(trial: HostTrial) -> None:
    """By a number, and by a trap."""
    for end in (line("return", "1"), "trap"):
        with trial.probe() as probe:
            probe.start(emit("a.start", 1), end)
            _state(probe, "error", f"after {end}")
            require(probe.values("a.start") == [1], f"what it emitted before {end} did not get out")


@host_check("HLIFE-017")
def empty_schema(trial: HostTrial) -> None:
    """No bytes."""
    with trial.host() as home:
        probe = accepted(trial, home, "plain", changes={_SCHEMA: "(i32.const 0)"})
        require(probe.session.schema_text.strip() in {"", "{}"}, f"its schema is {probe.session.schema_text!r}")
        require(probe.session.start({}) == "running", f"it is {probe.session.state}")


@host_check("HLIFE-018")
def broken_schema(trial: HostTrial) -> None:
    """The first ten bytes of one."""
    with trial.host() as home:
        changes = {_SCHEMA: _SCHEMA.replace("17", "10")}
        try:
            state = home.load(trial.package("plain", changes=changes)).start({})
        except HostError as error:
            require("schema" in str(error), f"the error does not name the schema: {error}")
        else:
            require(state in {"running", "error"}, f"with a schema that is not JSON it is {state}")
            if "http" in home.features:
                reply = home.request("GET", "/plugins/probe")
                require(reply.status == 200, f"GET /plugins/probe answered {reply.status}")
                loads(reply.body)
        after = trial.load(home, package="another")
        require(after.start() == "running", "afterwards a plugin in order does not run")


@host_check("HLIFE-019")
def id_of_package(trial: HostTrial) -> None:
    """With and without a scope."""
    for name, wanted in (("my-plugin", "my-plugin"), ("@scope/my-plugin", "_scope_my-plugin")):
        with trial.probe(package=name) as probe:
            require(probe.session.id == wanted, f"the package {name} has the id {probe.session.id!r}, not {wanted!r}")


@host_check("HLIFE-020")
def own_id(trial: HostTrial) -> None:
    """A bare binary."""
    with trial.probe(package="") as probe:
        require(probe.session.id == "probe", f"its id is {probe.session.id!r}, and it says probe")


@host_check("HLIFE-021")
def own_name(trial: HostTrial) -> None:
    """Not the package's."""
    with trial.probe(package="some-package") as probe:
        require(probe.session.name == "Probe", f"its name is {probe.session.name!r}, and it says Probe")


@host_check("HLIFE-031")
def registrations_end(trial: HostTrial) -> None:
    """PUT, and resources."""
    with trial.probe(capabilities=ASKING) as probe:
        probe.run(_REGISTER, line("sk_register_resource_provider", text("routes")))
        reply = probe.session.put("vessels.self", "probe.script", "say\tput")
        require(reply.status_code == 200, f"while it runs, PUT answered {reply}")
        probe.session.stop()
        before = len(probe.said)
        reply = probe.session.put("vessels.self", "probe.script", "say\tput")
        require(reply.status_code in {404, 405}, f"after stop, PUT answered {reply}")
        found = probe.home.provide("resource", "routes", "list")
        require(found.value_text in {"", "{}"}, f"after stop, its resources are {found}")
        require(len(probe.said) == before, f"after stop its code ran: {probe.said[before:]}")


@host_check("HLIFE-032")
def endpoints_end(trial: HostTrial) -> None:
    """It would say so."""
    with trial.probe(capabilities=ASKING) as probe:
        probe.run()
        reply = probe.session.http("GET", "/items/1")
        require(reply.status == 200, f"while it runs, GET /items/1 answered {reply.status}")
        probe.session.stop()
        before = len(probe.said)
        reply = probe.session.http("GET", "/items/1")
        require(reply.status in {404, 405}, f"after stop, GET /items/1 answered {reply.status}")
        require(len(probe.said) == before, f"after stop its code ran: {probe.said[before:]}")


@host_check("HLIFE-033")
def unloads(trial: HostTrial) -> None:
    """One of two."""
    with trial.host() as home:
        gone = trial.load(home, capabilities=ASKING, package="gone")
        gone.run(_REGISTER)
        stays = trial.load(home, capabilities=ASKING, package="stays")
        stays.run()
        gone.session.unload()
        reply = home.request("GET", "/plugins/gone/items/1")
        require(reply.status == 404, f"unloaded, GET /plugins/gone/items/1 answered {reply.status}")
        put = stays.session.put("vessels.self", "probe.script", 1)
        require(put.status_code in {404, 405}, f"unloaded, its PUT handler answered {put}")
        reply = home.request("GET", "/plugins/stays/items/1")
        require(reply.status == 200, f"the other plugin's page answered {reply.status}")


@host_check("HLIFE-034")
def forgets_settings(trial: HostTrial) -> None:
    """A key that the second has not."""
    changes = {"(i32.const 0) (; start ;)": "(call $debug (local.get $at) (local.get $length)) (i32.const 0)"}
    with trial.probe("plain", changes=changes) as probe:
        probe.session.start({"first": 1})
        probe.session.stop()
        probe.session.start({"second": 2})
        require("first" in probe.said[0] and "second" in probe.said[1], f"the two starts got {probe.said}")
        require("first" not in probe.said[1], f"the second start got {probe.said[1]}")
