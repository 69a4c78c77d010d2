"""HFUN: what each host function does when all is well, and what becomes of a call that cannot be carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.host_checks.registry import host_check
from conformance.host_trial import emit, emit_text, line, number, text
from conformance.trial import require
from refhost.jsontext import loads

if TYPE_CHECKING:
    from conformance.host_trial import HostTrial

ROOM = "b:4096"
NOTIFICATION = '{"state":"alarm","method":["visual","sound"],"message":"Anchor drags"}'
_SPEED = '{"updates":[{"$source":"gps","values":[{"path":"navigation.speedOverGround","value":3.5}]}]}'
_CALLS = {
    "sk_get_self_path": (text("nothing.there"), ROOM),
    "sk_get_path": (text("vessels.self.nothing.there"), ROOM),
}


def is_notification(value: object) -> bool:
    """Whether a value is `NOTIFICATION`; a host may add members of its own, such as an id to acknowledge it by."""
    return isinstance(value, dict) and {**value, **loads(NOTIFICATION)} == value


@host_check("HFUN-001")
def debug(trial: HostTrial) -> None:
    """As it was said."""
    with trial.probe() as probe:
        probe.run(line("sk_debug", text("words of a plugin")))
        require("words of a plugin" in probe.said, f"the log has {probe.said}")


@host_check("HFUN-002")
def console(trial: HostTrial) -> None:
    """From WebAssembly text: the probe has sk_debug for it."""
    changes = {
        ";; more imports": '(import "env" "console.log" (func $console (param i32 i32)))',
        "(i32.const 0) (; start ;)": "(call $console (i32.const 32) (i32.const 5)) (i32.const 0)",
    }
    with trial.probe("plain", changes=changes) as probe:
        probe.session.start({})
        require(any(r.text.strip() == "Plain" for r in probe.log), "the log does not have the text 'Plain'")


@host_check("HFUN-003")
def status(trial: HostTrial) -> None:
    """Twice."""
    with trial.probe() as probe:
        probe.run(line("sk_set_status", text("first")), line("sk_set_status", text("second")))
        require(probe.session.status == "second", f"the status is {probe.session.status!r}")


@host_check("HFUN-004")
def error(trial: HostTrial) -> None:
    """Twice."""
    with trial.probe() as probe:
        probe.run(line("sk_set_error", text("first")), line("sk_set_error", text("no fix")))
        require(probe.session.error == "no fix", f"the error is {probe.session.error!r}")
        require(probe.session.state == "running", f"the plugin is {probe.session.state}: to say so stops nobody")


@host_check("HFUN-005")
def seed(trial: HostTrial) -> None:
    """A number is itself, and not a number is not."""
    changes = {
        ";; more imports": '(import "env" "seed" (func $seed (result f64)))',
        "(i32.const 0) (; start ;)": "(local $s f64) (local.set $s (call $seed))"
        " (f64.ne (local.get $s) (local.get $s))",
    }
    with trial.probe("plain", changes=changes) as probe:
        require(probe.session.start({}) == "running", "seed returned what is no number")


def _reads(trial: HostTrial, name: str, function: str, path: str) -> None:
    with trial.probe(name) as probe:
        probe.home.inject(_SPEED)
        told = probe.run(line(function, text(path), ROOM))
        require(len(told) == 1, f"{function} told {told}")
        size, answer = int(told[0][1]), told[0][2]
        require(size == len(answer.encode()) > 0, f"{function} answered {size}, and wrote {answer!r}")
        require(loads(answer)["value"] == 3.5, f"the model has 3.5, and {function} wrote {answer}")


@host_check("HFUN-006")
def self_path(trial: HostTrial) -> None:
    """Of the own vessel."""
    _reads(trial, "probe", "sk_get_self_path", "navigation.speedOverGround")


@host_check("HFUN-008")
def path(trial: HostTrial) -> None:
    """From the root."""
    _reads(trial, "probe-path", "sk_get_path", "vessels.self.navigation.speedOverGround")


def _absent(trial: HostTrial, name: str, function: str) -> None:
    with trial.probe(name) as probe:
        told = probe.run(line(function, *_CALLS[function]))
        require(told == [[function, "0", ""]], f"{function} of what is not there told {told}")


@host_check("HFUN-007")
def self_path_absent(trial: HostTrial) -> None:
    """Nothing there."""
    _absent(trial, "probe", "sk_get_self_path")


@host_check("HFUN-009")
def path_absent(trial: HostTrial) -> None:
    """Nothing there."""
    _absent(trial, "probe-path", "sk_get_path")


@host_check("HFUN-010")
def emits(trial: HostTrial) -> None:
    """Once."""
    with trial.probe() as probe:
        probe.run(emit("probe.value", 42))
        require(probe.values("probe.value") == [42], f"the host carried {probe.values('probe.value')}")


@host_check("HFUN-011")
def notifies(trial: HostTrial) -> None:
    """As a delta."""
    with trial.probe() as probe:
        result = probe.result(line("sk_publish_notification", text("notifications.anchor"), text(NOTIFICATION)))
        found = probe.values("notifications.anchor")
        require(result == 0, f"it answered {result}")
        require(len(found) == 1 and is_notification(found[0]), f"the host carried {found}")


@host_check("HFUN-012")
def reads_configuration(trial: HostTrial) -> None:
    """As it was saved."""
    with trial.probe() as probe:
        probe.run(line("sk_save_config", text('{"depth":3}')))
        told = probe.do(line("sk_read_config", ROOM))
        require(told and loads(told[0][2] or "null") == {"depth": 3}, f'{{"depth":3}} was saved, and it read {told}')
        require(int(told[0][1]) == len(told[0][2]), f"it answered {told[0][1]} for {len(told[0][2])} bytes")


@host_check("HFUN-013")
def reads_nothing(trial: HostTrial) -> None:
    """An empty configuration."""
    with trial.probe("plain", changes=_READS_NOTHING) as probe:
        require(probe.session.start({}) == "running", f"sk_read_config answered {probe.session.status_code}, not 2")


_READS_NOTHING = {
    ";; more imports": '(import "env" "sk_read_config" (func $read (param i32 i32) (result i32)))',
    # Zero when two bytes came that are {}; else what it answered.
    "(i32.const 0) (; start ;)": "(local $n i32) (local.set $n (call $read (i32.const 2048) (i32.const 100)))"
    " (select (i32.const 0) (select (local.get $n) (i32.const -1) (local.get $n))"
    " (i32.and (i32.eq (local.get $n) (i32.const 2)) (i32.eq (i32.load16_u (i32.const 2048)) (i32.const 0x7d7b))))",
}


@host_check("HFUN-014")
def saves(trial: HostTrial) -> None:
    """Where the host keeps it."""
    with trial.probe() as probe:
        result = probe.result(line("sk_save_config", text('{"depth":3,"name":"Ærø"}')))
        require(result == 0, f"it answered {result}")
        saved = dict(probe.session.configuration)
        require(saved == {"depth": 3, "name": "Ærø"}, f"what is saved is {saved}")


@host_check("HFUN-015")
def has(trial: HostTrial) -> None:
    """What is there by itself, and what is declared."""
    with trial.probe(capabilities={"putHandlers": True, "rawSockets": True}) as probe:
        for name in ("dataRead", "dataWrite", "storage", "staticFiles", "putHandlers", "rawSockets"):
            result = probe.result(line("sk_has_capability", text(name)))
            require(result == 1, f"{name} is granted, and sk_has_capability answered {result}")


@host_check("HFUN-016")
def has_not(trial: HostTrial) -> None:
    """What is not there by itself, what was taken away, and what there is not."""
    names = ("network", "rawSockets", "putHandlers", "httpEndpoints", "resourceProvider", "weatherProvider")
    with trial.probe(capabilities={"dataWrite": False, "storage": "none"}) as probe:
        for name in (*names, "radarProvider", "serialPorts", "dataWrite", "storage", "telepathy", "", "DATAREAD"):
            result = probe.result(line("sk_has_capability", text(name)))
            require(result == 0, f"{name!r} is not granted, and sk_has_capability answered {result}")


def _registers(trial: HostTrial, capability: str, function: str, arguments: tuple[str, ...], wanted: str) -> None:
    with trial.probe(capabilities={capability: True}) as probe:
        result = probe.result(line(function, *map(text, arguments)))
        require(result == 1, f"{function} answered {result}")
        require(list(probe.session.registered) == [wanted], f"it is registered as {list(probe.session.registered)}")


@host_check("HFUN-017")
def registers_put(trial: HostTrial) -> None:
    """For a path."""
    arguments = ("vessels.self", "probe.script")
    _registers(trial, "putHandlers", "sk_register_put_handler", arguments, "PUT vessels.self probe.script")


@host_check("HFUN-018")
def registers_resources(trial: HostTrial) -> None:
    """For a type."""
    _registers(trial, "resourceProvider", "sk_register_resource_provider", ("routes",), "resource routes")


@host_check("HFUN-019")
def registers_weather(trial: HostTrial) -> None:
    """By a name."""
    _registers(trial, "weatherProvider", "sk_register_weather_provider", ("Clouds",), "weather Clouds")


@host_check("HFUN-020")
def registers_radar(trial: HostTrial) -> None:
    """By a name."""
    _registers(trial, "radarProvider", "sk_register_radar_provider", ("Halo",), "radar Halo")


_FAILING = (
    ("sk_get_self_path", number(-1), number(5), ROOM),
    ("sk_handle_message", number(-1), number(5), number(1)),
    ("sk_publish_notification", number(-1), number(5), text("null")),
    ("sk_save_config", number(-1), number(5)),
    ("sk_has_capability", number(-1), number(5)),
    ("sk_read_config", number(-1), number(5)),
)


@host_check("HFUN-021")
def failures_end_nothing(trial: HostTrial) -> None:
    """Each function with a text out of range."""
    for call in _FAILING:
        with trial.probe() as probe:
            state = probe.start(line(*call), line("say", "after"))
            ended = (state == "running" and ["after"] in probe.told) or probe.session.fault in {"trap", "abort"}
            require(ended, f"after {call[0]} the plugin is {state}")
            require(probe.start(line("say", "again")) == "running", f"after {call[0]} it cannot be started again")


@host_check("HFUN-022")
def failures_are_logged(trial: HostTrial) -> None:
    """Something that every function refuses."""
    calls = (emit_text("no JSON"), line("sk_save_config", text("no JSON")))
    for call in calls:
        with trial.probe() as probe:
            probe.start(call)
            function = call.partition("\t")[0]
            found = [record for record in probe.log if record.function == function and record.text]
            require(found, f"{function} failed, and the log has nothing of it")


@host_check("HFUN-023")
def patterns(trial: HostTrial) -> None:
    """Of the loggers of several languages."""
    texts = ("100%", "%O and %s", "%d %j %%", "{0} {name}", "${name}", "$1 \\1", "{}")
    with trial.probe() as probe:
        probe.run(*(line("sk_debug", text(given)) for given in texts))
        for given in texts:
            require(given in probe.said, f"the log does not have the text {given!r}: {probe.said[:20]}")
