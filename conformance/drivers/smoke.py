"""`python -m conformance smoke exec:COMMAND`: the simplest plugin through a driver, step by step.

What went wrong is told apart: the driver (it does not keep to the protocol), the host (it does not do what it should),
or something that never came, where only its author can tell which.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import wasmtime

from conformance.drivers.faults import DriverFault, Refused
from conformance.drivers.remote import RemoteHost
from refhost.capabilities import Grants
from refhost.errors import HostError
from refhost.package import PluginPackage
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.drivers.conversation import Conversation
    from conformance.drivers.exec_driver import ExecDriver
    from conformance.drivers.remote_session import RemoteSession

STEPS = ("hello", "load", "start", "inject", "stop", "reset", "shutdown")
_DELTA = '{"updates":[{"$source":"suite","values":[{"path":"smoke.asked","value":true}]}]}'


class Outcome(StrEnum):
    """How a step went."""

    OK = "ok"
    DRIVER = "DRIVER FAULT"
    HOST = "HOST FAULT"
    MISSING = "MISSING"
    NOT_REACHED = "not reached"


@dataclass
class Step:
    """One step, and what came back."""

    name: str
    outcome: Outcome = Outcome.OK
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Add what came back."""
        self.notes.append(text)

    def fail(self, outcome: Outcome, text: str) -> None:
        """Say what is wrong; the first counts."""
        if self.outcome is Outcome.OK:
            self.outcome = outcome
        self.notes.append(text)

    def expect(self, condition: object, text: str) -> None:
        """What the host should have done, and visibly has not."""
        if not condition:
            self.fail(Outcome.HOST, text)

    def await_event(self, there: object, event: str, text: str) -> None:
        """What should have been told."""
        if there:
            self.note(f"told: {text}")
        else:
            why = f"either the host does not do it, or the driver does not tell of it (event {event})"
            self.fail(Outcome.MISSING, f"not told: {text}: {why}")

    def __str__(self) -> str:
        """For a person: the host's words are escaped."""
        first, *more = [printable(" ".join(note.split()), limit=1200, lines=False) for note in self.notes] or [""]
        return "\n".join([f"{self.name:<9} {self.outcome:<13} {first}", *(f"{'':<24}{note}" for note in more)]).rstrip()


def probe() -> PluginPackage:
    """The simplest plugin."""
    text = (resources.files("conformance.drivers") / "smoke.wat").read_bytes()
    manifest = {"name": "smoke", "version": "1.0.0", "wasmManifest": "plugin.wasm", "keywords": ["signalk-wasm-plugin"]}
    return PluginPackage("smoke", bytes(wasmtime.wat2wasm(text)), "smoke", Grants.declared({}), manifest)


def walk(driver: ExecDriver) -> list[Step]:
    """Go through the steps, as far as it goes."""
    steps = [Step(name) for name in STEPS]
    with TemporaryDirectory(prefix="signalk-wasm-") as folder:
        for number, done in enumerate(_steps(driver, Path(folder), iter(steps))):
            if not done:
                for step in steps[number + 1 :]:
                    step.outcome = Outcome.NOT_REACHED
                break
    return steps


def _steps(driver: ExecDriver, folder: Path, steps: Iterator[Step]) -> Iterator[bool]:
    """Take one step after the other; for each, whether the next one can be taken."""
    found: list[Conversation] = []
    with _taking(next(steps)) as step:
        found.append(driver.begin())
        step.note(
            f"{found[0].host} {found[0].version}, which has {', '.join(sorted(found[0].features)) or 'no features'}"
        )
    yield bool(found)
    conversation = found[0]
    try:
        yield from _with_host(RemoteHost(conversation, folder), steps)
        with _taking(next(steps)) as step:
            wrong = conversation.close()
            if wrong:
                raise DriverFault(wrong)
            step.note("it ended")
        yield True
    finally:
        conversation.close()


def _with_host(host: RemoteHost, steps: Iterator[Step]) -> Iterator[bool]:
    loaded: list[RemoteSession] = []
    with _taking(next(steps)) as step:
        loaded.append(_load(host, step))
    yield bool(loaded)
    plugin = loaded[0]
    for act in (_start, _inject, _stop, _reset):
        with _taking(next(steps)) as step:
            act(host, plugin, step)
        yield host.is_there and (step.outcome in {Outcome.OK, Outcome.MISSING} or act is _reset)


@contextmanager
def _taking(step: Step) -> Iterator[Step]:
    try:
        yield step
    except DriverFault as error:
        step.fail(Outcome.DRIVER, str(error))
    except Refused as error:
        unknown = error.code == "unsupported"
        said = f"it replied with the error {error.code}: {error}"
        step.fail(Outcome.DRIVER if unknown else Outcome.HOST, f"{said} (every driver has it)" if unknown else said)
    except HostError as error:
        step.fail(Outcome.HOST, str(error))


def _load(host: RemoteHost, step: Step) -> RemoteSession:
    if "dialect-buffer" not in host.features:
        step.note("The features do not name dialect-buffer, of which the plugin is that comes now.")
    plugin = host.load(probe())
    step.note(f"the plugin {plugin.id}, {plugin.name!r}, is {plugin.state}")
    step.expect(plugin.id, "it has no id")
    step.expect(plugin.name == "Smoke", f"its name is Smoke, not {plugin.name!r}")
    step.expect(
        plugin.schema_text == '{"type":"object"}', f'its schema is {{"type":"object"}}, not {plugin.schema_text!r}'
    )
    step.expect(plugin.state == "stopped", f"loaded, it is stopped, not {plugin.state}")
    return plugin


def _start(host: RemoteHost, plugin: RemoteSession, step: Step) -> None:
    state = plugin.start({})
    step.note(f"it is {state}")
    step.expect(state == "running", f"started, it is running, not {state}: {plugin.why()}")
    _settle(host)
    logged = [record.text for record in plugin.log if "enableDebug" in record.text]
    step.await_event(plugin.status == "started", "status", "its status is 'started'")
    step.await_event(logged, "log", "it logged its configuration, with enableDebug")
    step.await_event(_emitted(host, plugin, "smoke.started"), "delta", "its first delta, smoke.started")


def _inject(host: RemoteHost, plugin: RemoteSession, step: Step) -> None:
    refused = host.inject(_DELTA)
    step.expect(not refused, f"it refused a delta that is in order: {refused}")
    _settle(host)
    seen = [delta for delta in host.deltas if "smoke.asked" in delta.text]
    step.await_event(seen, "delta", "the delta that was put in, smoke.asked")
    step.await_event(_emitted(host, plugin, "smoke.heard"), "delta", "the plugin's answer to it, smoke.heard")


def _stop(host: RemoteHost, plugin: RemoteSession, step: Step) -> None:
    state = plugin.stop()
    step.note(f"it is {state}")
    step.expect(state == "stopped", f"stopped, it is stopped, not {state}")
    _settle(host)
    step.await_event(plugin.status == "stopped", "status", "its status is 'stopped'")


def _reset(host: RemoteHost, plugin: RemoteSession, step: Step) -> None:
    if "reset" not in host.features:
        step.note("without this feature every host is a process of its own")
        return
    host.call("reset")
    host.call("barrier")
    try:
        state = host.call("state", plugin=plugin.id)["state"]
    except Refused as error:
        step.note(f"the plugin is gone: {error.code}")
    else:
        step.fail(
            Outcome.DRIVER, f"after it the plugin {plugin.id} is still there, and {state}: it is to be a fresh host"
        )


def _settle(host: RemoteHost) -> None:
    """Have everything told that has happened."""
    host.call("barrier")


def _emitted(host: RemoteHost, plugin: RemoteSession, path: str) -> bool:
    return any(path in delta.text for delta in host.deltas if delta.source == plugin.id)
