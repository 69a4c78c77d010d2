"""What a check of a host works with: fresh hosts, and probe plugins that do in them what they are told.

A probe is told by a script, a line for each thing that it does; `corpus/probes/probe.c` has the words. What came of it
is in `Probe.told`: for each line the word, the result, and what its buffers hold.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import wasmtime

import corpus
from conformance.trial import CALL_SECONDS
from conformance.verdict import NotJudged
from refhost.capabilities import Grants
from refhost.jsontext import dumps, loads
from refhost.package import PluginPackage, plugin_id
from refhost.profiles import RECORD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from conformance.drivers.interface import CarriedDelta, Driver, HostSession, LogRecord, Session

# How long a call of a plugin that hangs on purpose may take: a person is waiting.
HANG_SECONDS = 0.3


def text(value: str) -> str:
    """An argument of a script's line: a text."""
    return f"s:{value}"


def number(value: int) -> str:
    """An argument of a script's line: a number."""
    return f"n:{value}"


def line(word: str, *arguments: str) -> str:
    """A line of a script."""
    return "\t".join((word, *arguments))


def kept(word: str, *lines: str) -> str:
    """A line that keeps a script for later: `poll`, `stop`, `delta`, `http`, `put` or `resource`."""
    return line(word, _escaped("\n".join(lines)))


def answer(value: str) -> str:
    """A line that says what a handler answers with, from now on."""
    return line("answer", _escaped(value))


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace("\t", r"\t")


def emit(path: str, value: object, *, version: int = 1, **more: object) -> str:
    """A line that emits a delta of one value; `more` are keys of its update."""
    return emit_text(dumps({"updates": [{**more, "values": [{"path": path, "value": value}]}]}), version=version)


def emit_text(delta: str, *, version: int = 1) -> str:
    """A line that emits any text as a delta."""
    return line("sk_handle_message", text(delta), number(version))


@dataclass
class Probe:
    """A probe in a host.

    Attributes:
        home: the host.
        session: the probe as its driver shows it.
    """

    home: HostSession
    session: Session
    _seen: int = field(default=0, repr=False)

    @property
    def log(self) -> list[LogRecord]:
        """What the host logged of it, without what a profile notes of itself: that is no log of the server's."""
        return [record for record in self.session.log if record.kind != RECORD]

    @property
    def said(self) -> list[str]:
        """What it has said by sk_debug since it was loaded."""
        return [record.text for record in self.session.log if record.kind == "debug"]

    @property
    def told(self) -> list[list[str]]:
        """The same, each in its parts: the word, the result, and more."""
        return [entry.split("\t") for entry in self.said]

    @property
    def heard(self) -> list[dict[str, Any]]:
        """The deltas that came to it; its configuration says `hear`."""
        return [loads(entry.removeprefix("heard\t")) for entry in self.said if entry.startswith("heard\t")]

    def start(self, *lines: str, **config: object) -> str:
        """Start it with a script, stopped first where it runs; the state afterwards."""
        if self.session.state == "running":
            self.session.stop()
        self._seen = len(self.said)
        return self.session.start({"script": "\n".join(lines), **config})

    def run(self, *lines: str) -> list[list[str]]:
        """Start it with a script; what it told of it.

        Raises:
            NotJudged: it does not run afterwards.
        """
        if self.start(*lines) != "running":
            raise NotJudged(f"the probe does not run: {self.session.state}: {self.session.why()}")
        return self.news()

    def do(self, *lines: str) -> list[list[str]]:
        """Have it carry out lines while it runs, told by a delta; what it told of them."""
        self._seen = len(self.said)
        refused = self.home.inject(
            dumps({"updates": [{"$source": "suite", "values": [{"path": "probe.script", "value": "\n".join(lines)}]}]})
        )
        if refused:
            raise NotJudged(f"the host refused a delta that is in order: {refused}")
        return self.news()

    def news(self) -> list[list[str]]:
        """What it has told since it was started, or told to do something, last."""
        return self.told[self._seen :]

    def result(self, *lines: str) -> int:
        """Start it with a script; the result of the script's last call.

        Raises:
            NotJudged: it told of none.
        """
        told = self.run(*lines)
        if not told or len(told[-1]) < 2:
            raise NotJudged(f"the probe told nothing of {lines[-1]!r}")
        return int(told[-1][1])

    def records(self, *kinds: str) -> list[LogRecord]:
        """What the host's log says of it, of these kinds."""
        return [record for record in self.session.log if record.kind in kinds]

    @property
    def emitted(self) -> list[CarriedDelta]:
        """The deltas of it that the host has carried."""
        return [delta for delta in self.home.deltas if delta.source == self.session.id]

    def values(self, path: str) -> list[Any]:
        """The values that it emitted at a path, in order."""
        return [value for delta in self.emitted for value in values_of(delta.text, path)]


def values_of(delta: str, path: str) -> list[Any]:
    """The values at a path in a delta's text."""
    updates = loads(delta)["updates"]
    return [pair["value"] for update in updates for pair in update.get("values", ()) if pair["path"] == path]


@cache
def binary(name: str, changes: tuple[tuple[str, str], ...] = ()) -> bytes:
    """A probe's binary; of one in WebAssembly text, with passages replaced by others.

    Raises:
        ValueError: a passage is not there exactly once.
    """
    path = corpus.probe(name)
    if path.suffix == ".wasm":
        return path.read_bytes()
    source = path.read_text("utf-8")
    for old, new in changes:
        if source.count(old) != 1:
            raise ValueError(f"{old!r} is {source.count(old)} times in {name}")
        source = source.replace(old, new)
    return bytes(wasmtime.wat2wasm(source))


class HostTrial:
    """One check of one kind of host; remembers what was done in the last host, for the report.

    Args:
        driver: the kind of host.
        features: what the requirement that is judged needs, so that the driver can choose its way to the host.
    """

    def __init__(self, driver: Driver, features: Iterable[str] = ()) -> None:
        self.driver = driver
        self._features = frozenset(features)
        self._home: HostSession | None = None
        self._sessions: list[Session] = []
        self._log: list[LogRecord] = []
        self._steps: list[str] = []

    @property
    def steps(self) -> list[str]:
        """What was done in the last host."""
        return self._steps

    @property
    def log(self) -> list[LogRecord]:
        """What the last host logged of its plugins."""
        return self._log

    @contextmanager
    def host(self, *, call_seconds: float = CALL_SECONDS) -> Iterator[HostSession]:
        """A fresh host."""
        self._sessions = []
        with self.driver.host(call_seconds=call_seconds, features=self._features) as home:
            try:
                yield home
            finally:
                self._steps = list(home.steps)
                self._log = [record for session in self._sessions for record in session.log]

    def package(
        self,
        name: str = "probe",
        *,
        package: str = "probe",
        changes: Mapping[str, str] | None = None,
        capabilities: Mapping[str, object] | None = None,
        manifest: Mapping[str, object] | None = None,
        public: Mapping[str, bytes] | None = None,
    ) -> PluginPackage:
        """A probe as a package.

        Args:
            name: of the probe in the corpus.
            package: the package's name; "" for a bare binary.
            changes: see `binary`.
            capabilities: what it declares, over the defaults.
            manifest: more of its package.json.
            public: the files of its `public/`.
        """
        declared = dict(capabilities or {})
        facts: dict[str, object] = {}
        if package:
            keywords = ["signalk-wasm-plugin"]
            facts = {"name": package, "version": "1.0.0", "wasmManifest": "plugin.wasm", "keywords": keywords}
            facts |= {"wasmCapabilities": declared, **(manifest or {})}
        return PluginPackage(
            plugin_id(package),
            binary(name, tuple((changes or {}).items())),
            package or name,
            Grants.declared(declared),
            facts,
            public=dict(public or {}),
        )

    def load(self, home: HostSession, name: str = "probe", **package: Any) -> Probe:  # noqa: ANN401 - see `package`
        """Load a probe into a host; the arguments are those of `package`."""
        session = home.load(self.package(name, **package))
        self._sessions.append(session)
        return Probe(home, session)

    @contextmanager
    def probe(self, name: str = "probe", *, call_seconds: float = CALL_SECONDS, **package: Any) -> Iterator[Probe]:  # noqa: ANN401 - see `package`
        """A probe, loaded into a fresh host; it does not run yet."""
        with self.host(call_seconds=call_seconds) as home:
            yield self.load(home, name, **package)
