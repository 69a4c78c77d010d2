"""What is judged: one plugin with its configuration, under one driver; and what an ordinary run of it showed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from conformance.configuration import default_configuration
from conformance.deltas import ordinary_deltas
from conformance.drivers.features import Unsupported
from conformance.drivers.reference import RefhostDriver
from conformance.published import Published
from refhost.binary import CoreBinary
from refhost.departures.linking import link_problems
from refhost.errors import HostError
from refhost.jsontext import NotJson, loads
from refhost.profiles import Switches
from refhost.runtime import read_binary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.drivers.interface import (
        Driver,
        EmittedText,
        FileOperation,
        LogRecord,
        Session,
    )
    from conformance.endurance import Endurance
    from conformance.replies import Conversation
    from refhost.capabilities import Grants
    from refhost.delta import Delta
    from refhost.package import PluginPackage
    from refhost.problem import Problem
    from refhost.world import ComponentBinary

# How long an ordinary run lets the plugin live before the first delta, and after the last.
_SECONDS = 10.0


@dataclass
class Observation:
    """What an ordinary run showed: loaded, started, ten seconds, the ordinary deltas, ten seconds, stopped.

    Attributes:
        failure: why the run came to an early end; "" when it went through.
        failed_at: `load`, `metadata`, `start`, `run` or `stop`.
        fault: how the call that ended it ended: see `Session.fault`.
        after_start: how many claims and records there were when start had returned.
        status_after_start: the status and error texts at that moment.
        marks: for each step, how many deltas, log records and file operations there were when it was over.
        lacking: what the host does not show: whoever asks for it meets `Unsupported`, and so does not apply.
    """

    failure: str = ""
    failed_at: str = ""
    fault: str = ""
    state_after_start: str = ""
    state_after_stop: str = ""
    status_after_start: tuple[str, str] = ("", "")
    claims: Sequence[EmittedText] = ()
    emitted: Sequence[Delta] = ()
    log: Sequence[LogRecord] = ()
    file_operations: Sequence[FileOperation] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    configuration: Mapping[str, Any] = field(default_factory=dict)
    registered: Sequence[str] = ()
    steps: Sequence[str] = ()
    marks: list[tuple[int, int, int]] = field(default_factory=list)
    lacking: dict[str, Unsupported] = field(default_factory=dict)

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401 - any attribute
        """The attribute.

        Raises:
            Unsupported: the host lacks the feature that would show it.
        """
        lacking = super().__getattribute__("__dict__").get("lacking", {})
        if name in lacking:
            raise lacking[name]
        return super().__getattribute__(name)

    def steps_until(self, *counts: int) -> list[str]:
        """The steps that lead to so many deltas, records and operations: loading, starting, and the one that did it."""
        last = len(self.steps) - 1
        reached = (all(c >= w for c, w in zip(mark, counts, strict=True)) for mark in self.marks)
        within = next((number for number, there in enumerate(reached) if there), last)
        return [step for number, step in enumerate(self.steps) if number in (0, 1, within)]

    def mark(self, session: Session) -> None:
        """Note how many deltas, records and file operations there were when the latest step was over."""
        counts = (_count(lambda: session.claims), len(session.log), _count(lambda: session.file_operations))
        self.marks += [counts] * (len(session.steps) - len(self.marks))

    def take(self, session: Session) -> None:
        """Copy what the session shows now."""
        self.emitted = session.emitted
        self.log = session.log
        self.steps = list(session.steps)
        self._keep("claims", lambda: session.claims)
        self._keep("file_operations", lambda: session.file_operations)
        self._keep("files", lambda: dict(session.files))
        self._keep("configuration", lambda: dict(session.configuration))

    def take_registered(self, session: Session) -> None:
        """Copy what it has registered by now."""
        self._keep("registered", lambda: list(session.registered))

    def _keep(self, name: str, read: Callable[[], object]) -> None:
        try:
            setattr(self, name, read())
        except Unsupported as lack:
            self.lacking[name] = lack

    def refusals(self, *functions: str) -> list[LogRecord]:
        """What the host refused of these host functions; what came before the start (R19) META-010 judges."""
        refused = (r for r in self.log if r.kind == "refused" and "(R19)" not in r.text)
        return [record for record in refused if record.function in functions]


def _count(read: Callable[[], Sequence[object]]) -> int:
    """How many there are; of what the host does not show, none."""
    try:
        return len(read())
    except Unsupported:
        return 0


class Subject:
    """One plugin under judgement.

    Args:
        package: the plugin.
        config: the configuration to start it with; made from the schema's defaults when None.
        driver: the host; the reference host by default.
    """

    def __init__(
        self, package: PluginPackage, *, config: Mapping[str, Any] | None = None, driver: Driver | None = None
    ) -> None:
        self.package = package
        self.driver = driver or RefhostDriver()
        self._config = config
        self.endurance: Endurance | None = None  # once a check has asked for it: see `Trial.endurance`
        self.replies: dict[str, Conversation] = {}  # of its handlers, each asked once: see `conformance.replies`

    @cached_property
    def binary(self) -> CoreBinary | ComponentBinary:
        """The binary, compiled and looked through.

        Raises:
            BinaryError: no dialect takes it.
        """
        return read_binary(self.package.binary)

    @cached_property
    def dialect(self) -> str:
        """The dialect's name; "" when the binary has none."""
        try:
            return str(self.binary.dialect) if isinstance(self.binary, CoreBinary) else "component"
        except HostError:
            return ""

    @cached_property
    def link_problems(self) -> list[Problem]:
        """The imports and exports that do not fit the host."""
        return link_problems(self.binary, Switches(self.driver.profile))

    @cached_property
    def host_functions(self) -> frozenset[str]:
        """What it imports of the plugin API: `sk_debug` …, or `plugin-status.debug` … for a component."""
        if isinstance(self.binary, CoreBinary):
            return frozenset(entry.name for entry in self.binary.imports if entry.module == "env")
        return frozenset(f"{i.short}.{name}" for i in self.binary.imports if i.short for name in i.functions)

    @cached_property
    def uses_files(self) -> bool:
        """Whether it imports any function of WASI that names a file."""
        if isinstance(self.binary, CoreBinary):
            return any(entry.name.startswith("path_") for entry in self.binary.imports)
        return any(interface.name.startswith("wasi:filesystem/types") for interface in self.binary.imports)

    @cached_property
    def published(self) -> Published:
        """What of its package users get; of one with a package.json."""
        return Published(self.package)

    @property
    def grants(self) -> Grants:
        """The capabilities that it holds."""
        return self.package.grants

    @cached_property
    def schema(self) -> Any:  # noqa: ANN401 - JSON
        """Its schema, parsed; `{}` where it has none that can be read."""
        try:
            with self.driver.session(self.package) as session:
                return loads(session.schema_text) if session.schema_text.strip() else {}
        except (HostError, NotJson):
            return {}

    @cached_property
    def config(self) -> dict[str, Any]:
        """What it is started with."""
        return dict(self._config) if self._config is not None else default_configuration(self.schema)

    @cached_property
    def observation(self) -> Observation:
        """An ordinary run, made once."""
        seen = Observation()
        seen.failed_at = "load"
        try:
            with self.driver.session(self.package) as session:
                seen.failed_at = "start"
                self._observe(session, seen)
        except HostError as error:
            seen.failure = seen.failure or str(error)
        return seen

    def _observe(self, session: Session, seen: Observation) -> None:
        seen.state_after_start = session.start(self.config)
        seen.mark(session)
        seen.fault = session.fault
        seen.status_after_start = (session.status, session.error)
        seen.take_registered(session)
        seen.take(session)
        if seen.state_after_start != "running":
            seen.failure = session.why()
            if seen.state_after_start == "crashed":  # start returned, and its own first delta brought it down
                seen.failed_at = "run"
            return
        seen.failed_at = "run"
        session.advance(_SECONDS)
        seen.mark(session)
        for delta in ordinary_deltas():
            if session.fault:
                break
            session.publish(delta)
            seen.mark(session)
        if not session.fault:
            session.advance(_SECONDS)
            seen.mark(session)
        seen.take(session)
        if session.fault:
            seen.fault, seen.failure = session.fault, session.why()
            return
        seen.failed_at = "stop"
        seen.state_after_stop = session.stop()
        seen.mark(session)
        seen.fault = session.fault
        seen.take(session)
        if seen.state_after_stop == "stopped":
            seen.failed_at = ""
        else:
            seen.failure = session.why()
