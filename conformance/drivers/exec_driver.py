"""`exec:COMMAND`: hosts in processes that a command starts, reached through the driver protocol."""

from __future__ import annotations

import copy
import shlex
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from conformance.drivers.conversation import Conversation
from conformance.drivers.faults import DriverFault
from conformance.drivers.process import Bounds
from conformance.drivers.remote import RemoteHost
from refhost.errors import ConfigurationError, HostError
from refhost.profiles import DOCUMENTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.drivers.conversation import Watch
    from conformance.drivers.remote_session import RemoteSession
    from refhost.capabilities import Grants
    from refhost.package import PluginPackage

PREFIX = "exec:"


class ExecDriver:
    """Runs plugins in whatever host a command starts.

    A process in which everything went well is used for the next host too, if it has the feature `reset`.

    Args:
        command: the command line, with or without `exec:` before it; no shell reads it.
        seed: of all randomness that plugins see.
        bounds: the time and room that the driver gets.
        watch: see `Conversation`.

    Raises:
        ConfigurationError: the command line makes no sense.
    """

    profile = DOCUMENTED  # every host is judged by the contract

    def __init__(
        self, command: str, *, seed: int = 0, bounds: Bounds | None = None, watch: Watch = lambda *_: None
    ) -> None:
        self.spec = command.removeprefix(PREFIX)
        self.seed = seed
        self._bounds = bounds or Bounds()
        self._watch = watch
        self._directory: Path | None = None
        self._idle: list[Conversation] = []
        self._useless: DriverFault | None = None
        try:
            self._command = shlex.split(self.spec)
        except ValueError as error:
            raise ConfigurationError(f"{PREFIX}{self.spec} is no command line: {error}.") from None
        if not self._command:
            raise ConfigurationError(
                f"{PREFIX} is followed by the command that starts a driver.", hint="Such as exec:node my-driver.mjs."
            )

    @cached_property
    def _known(self) -> Conversation:
        """A conversation that has said hello, for what it said."""
        conversation = self.begin()
        self._idle.append(conversation)
        return conversation

    @property
    def name(self) -> str:
        """The host's name, as its driver says; the command line where it says nothing."""
        try:
            return self._known.host
        except HostError:
            return f"{PREFIX}{self.spec}"

    @property
    def version(self) -> str:
        """The host's version; "" where its driver says nothing."""
        try:
            return self._known.version
        except HostError:
            return ""

    @property
    def features(self) -> frozenset[str]:
        """What the host can do; nothing where its driver does not say."""
        try:
            return self._known.features
        except HostError:
            return frozenset()

    def begin(self) -> Conversation:
        """A process of its own, that has said hello.

        Raises:
            DriverFault: it cannot be started, or does not say who it is; then it is not tried again.
        """
        if self._useless is not None:  # it never said who it is: to wait for it a hundred times more helps nobody
            raise DriverFault(self._useless.message, hint=self._useless.hint)
        try:
            return Conversation(self._command, self._bounds, seed=self.seed, watch=self._watch)
        except DriverFault as fault:
            if "_known" not in self.__dict__:
                self._useless = fault
            raise

    def on_disk(self, directory: Path) -> ExecDriver:
        """The same, with files in a real directory, for a host with the feature `directory`; processes are shared."""
        other = copy.copy(self)
        other._directory = directory  # noqa: SLF001 - of this very class
        return other

    @contextmanager
    def host(
        self,
        *,
        call_seconds: float | None = None,
        features: frozenset[str] = frozenset(),  # noqa: ARG002 - there is one way to it, the protocol
    ) -> Iterator[RemoteHost]:
        """A fresh host."""
        conversation = self._idle.pop() if self._idle else self.begin()
        self.__dict__.setdefault("_known", conversation)
        try:
            with TemporaryDirectory(prefix="signalk-wasm-") as folder:
                host = RemoteHost(conversation, Path(folder), call_seconds=call_seconds, directory=self._directory)
                try:
                    yield host
                finally:
                    host.over = True
        finally:
            self._leave(conversation)

    def _leave(self, conversation: Conversation) -> None:
        """Keep a process for the next host, or end it."""
        conversation.listener = lambda _: None
        if "reset" in conversation.features:
            try:
                conversation.request("reset")
            except HostError:
                conversation.close()
            else:
                self._idle.append(conversation)
        else:
            conversation.close()

    @contextmanager
    def session(
        self, package: PluginPackage, *, grants: Grants | None = None, call_seconds: float | None = None
    ) -> Iterator[RemoteSession]:
        """Load a plugin into a fresh host."""
        with self.host(call_seconds=call_seconds) as host:
            yield host.load(package, grants=grants)

    def close(self) -> None:
        """End every process."""
        while self._idle:
            self._idle.pop().close()
