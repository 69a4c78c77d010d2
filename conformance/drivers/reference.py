"""The driver of the reference host, in this process."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.drivers.interface import EmittedText, FileOperation, LogRecord
from refhost.dialects.buffer import BufferInstance
from refhost.dialects.core import CoreInstance
from refhost.errors import (
    BadReturn,
    DeniedError,
    OutOfBounds,
    PluginAbort,
    PluginError,
    PluginExit,
    PluginTimeout,
    PluginTrap,
)
from refhost.host import Host
from refhost.jsontext import dumps
from refhost.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from refhost.capabilities import Grants
    from refhost.delta import Delta
    from refhost.package import PluginPackage

_FAULTS: tuple[tuple[type[PluginError], str], ...] = (
    (PluginTrap, "trap"),
    (PluginAbort, "abort"),
    (PluginExit, "exit"),
    (PluginTimeout, "timeout"),
    (BadReturn, "return"),
    (DeniedError, "denied"),
)
# Shorter than the time after which a crashed plugin is restarted (R10).
_STEP_SECONDS = 0.5
_CHANGING = frozenset({"create", "write", "truncate", "mkdir", "rename", "link", "symlink", "unlink", "rmdir"})


def fault_name(error: PluginError | None) -> str:
    """The word for how a call ended."""
    return next((word for kind, word in _FAULTS if isinstance(error, kind)), "")


class RefhostSession:
    """A session of the reference host; see `Session`."""

    def __init__(self, host: Host, package: PluginPackage) -> None:
        self._host = host
        self._package = package
        self._plugin = host.load(package)
        self._fault: PluginError | None = None
        self.steps = [f"load {package.origin}"]

    @property
    def id(self) -> str:
        """The plugin's id."""
        return self._plugin.id

    @property
    def name(self) -> str:
        """Its name."""
        return self._plugin.name

    @property
    def schema_text(self) -> str:
        """Its schema."""
        return self._plugin.schema_text

    @property
    def state(self) -> str:
        """Its state."""
        return str(self._plugin.state)

    @property
    def fault(self) -> str:
        """How the first bad call since its last start ended, also after the host has restarted it."""
        return fault_name(self._fault)

    def why(self) -> str:
        """Why it is not running, or was not."""
        return str(self._fault) if self._fault else self._plugin.why()

    @property
    def status_code(self) -> int | str:
        """What its last start or stop returned."""
        return self._plugin.status_code

    def _look(self) -> None:
        self._fault = self._fault or self._plugin.fault

    def start(self, config: Mapping[str, Any]) -> str:
        """Start with a configuration object."""
        self.steps.append(f"start {dumps(dict(config))}")
        self._plugin.start(config)
        return self._started()

    def start_with(self, text: str) -> str:
        """Start with any text."""
        self.steps.append(f"start with the text {text!r}")
        self._plugin.start_with(text)
        return self._started()

    def _started(self) -> str:
        self._fault = self._plugin.fault
        return self.state

    def stop(self) -> str:
        """Stop."""
        self.steps.append("stop")
        self._plugin.stop()
        self._look()
        return self.state

    def publish(self, delta: Delta) -> None:
        """Put a delta on the bus."""
        self.steps.append(f"deliver {dumps(delta)}")
        self._host.publish_delta(delta)
        self._look()

    def advance(self, seconds: float) -> None:
        """Let virtual time pass, in steps: a crashed plugin is restarted, and then knows of no fault."""
        self.steps.append(f"let {seconds:g} s pass")
        while seconds > 0:
            self._host.advance(min(seconds, _STEP_SECONDS))
            self._look()
            seconds -= _STEP_SECONDS

    def reload(self) -> None:
        """Unload and load again."""
        self.steps.append("unload it, and load it again")
        self._host.unload(self._plugin)
        self._plugin = self._host.load(self._package)
        self._fault = None

    @property
    def claims(self) -> Sequence[EmittedText]:
        """What it gave to be emitted."""
        return [EmittedText(claim.text, claim.version) for claim in self._plugin.claims]

    @property
    def emitted(self) -> Sequence[Delta]:
        """What the bus carried."""
        return self._plugin.emitted

    @property
    def log(self) -> Sequence[LogRecord]:
        """The journal's records of it."""
        return [LogRecord(r.kind, r.function, r.text) for r in self._plugin.log]

    @property
    def status(self) -> str:
        """Its latest status."""
        return self._plugin.status

    @property
    def error(self) -> str:
        """Its latest error."""
        return self._plugin.error

    @property
    def configuration(self) -> Mapping[str, Any]:
        """Its saved configuration."""
        return self._plugin.config.configuration

    @property
    def registered(self) -> Sequence[str]:
        """Its registrations."""
        puts = [f"PUT {context} {path}" for context, path in self._plugin.puts]
        return puts + [f"{kind} {name}" for kind, names in self._plugin.providers.items() for name in names]

    @property
    def files(self) -> Mapping[str, bytes]:
        """Its files."""
        return self._plugin.vfs.files()

    def write_file(self, path: str, data: bytes) -> None:
        """Put a file into its tree."""
        self.steps.append(f"put {len(data)} bytes into {path}: {data[:40]!r}")
        self._plugin.vfs.write(path, data)

    def empty_tmp(self) -> None:
        """Empty tmp/."""
        self.steps.append("empty /tmp")
        self._plugin.vfs.clear_tmp()

    def fail_writes(self, error: str) -> None:
        """Make every change of its files fail."""
        self.steps.append(f"from here on every change of a file fails with {error}")
        self._plugin.vfs.faults.append(lambda operation: error if operation.name in _CHANGING else None)

    @property
    def file_operations(self) -> Sequence[FileOperation]:
        """What it did with files."""
        return [FileOperation(o.name, o.path, o.error) for o in self._plugin.vfs.operations]

    def strings_out(self, size: int) -> Mapping[str, tuple[int, int]]:
        """Call each text export with a small buffer, fenced by bytes that must stay as they are."""
        fence = b"\xa5" * 64
        found = {}
        instance = self._core()
        for export in ("plugin_id", "plugin_name", "plugin_schema"):
            self.steps.append(f"call {export} with a buffer of {size} bytes")
            pointer = instance.number("allocate", size + len(fence))
            instance.memory.write(pointer, b"\0" * size + fence)
            length = instance.number(export, pointer, size)
            after = instance.memory.read(pointer + size, len(fence))
            found[export] = (length, sum(a != b for a, b in zip(after, fence, strict=True)))
        return found

    def allocations(self, sizes: Sequence[int]) -> Sequence[str]:
        """Allocate, fill with a pattern of its own, and read everything back."""
        instance = self._core()
        name, extra = ("allocate", ()) if isinstance(instance, BufferInstance) else ("__new", (0,))
        blocks: list[tuple[int, bytes]] = []
        for number, size in enumerate(sizes):
            self.steps.append(f"call {name}({', '.join(map(str, (size, *extra)))})")
            pointer = instance.number(name, size, *extra)
            pattern = bytes([number + 1]) * size
            if name == "__new" and "__pin" in instance.exported:
                instance.call("__pin", pointer)
            try:
                instance.memory.write(pointer, pattern)
            except OutOfBounds as error:
                return [f"{name}({size}) returned a place outside the memory: {error}"]
            if not pointer:
                return [f"{name}({size}) returned 0, though there is memory left"]
            blocks.append((pointer, pattern))
        return [
            f"the block of {len(pattern)} bytes at {pointer:#x} was overwritten by a later one"
            for pointer, pattern in blocks
            if instance.memory.read(pointer, len(pattern)) != pattern
        ]

    def _core(self) -> CoreInstance:
        instance: object = self._plugin.instance
        if not isinstance(instance, CoreInstance):
            raise TypeError("only a core module has a memory that can be looked into")
        return instance


class RefhostDriver:
    """Runs plugins in the reference host.

    Args:
        seed: of all randomness that plugins see.
        limits: the bounds that they run in.
    """

    name = "refhost"

    def __init__(self, *, seed: int = 0, limits: Limits | None = None) -> None:
        self._seed = seed
        self._limits = limits or Limits()

    @contextmanager
    def session(
        self, package: PluginPackage, *, grants: Grants | None = None, call_seconds: float | None = None
    ) -> Iterator[RefhostSession]:
        """Load a plugin into a fresh host."""
        limits = replace(self._limits, call_seconds=call_seconds) if call_seconds else self._limits
        with Host(seed=self._seed, limits=limits) as host:
            yield RefhostSession(host, package.with_grants(grants) if grants else package)
