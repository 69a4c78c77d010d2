"""The driver of signalk-server: two lanes, each a process of Node that speaks the driver protocol."""

from __future__ import annotations

import shlex
import shutil
import weakref
from contextlib import contextmanager
from functools import cached_property
from importlib import resources
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Literal

from conformance.drivers.exec_driver import ExecDriver
from conformance.drivers.process import Bounds
from conformance.drivers.signalk_server.install import find
from refhost.profiles import DOCUMENTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.drivers.remote import RemoteHost
    from conformance.drivers.remote_session import RemoteSession
    from refhost.capabilities import Grants
    from refhost.package import PluginPackage

Lane = Literal["whole", "in-process"]

_ADAPTER = Path(str(resources.files("conformance.drivers.signalk_server"))) / "adapter" / "main.mjs"

# What a plugin meets in the server's WASM code alone: for this the fast lane says the same as the whole server.
_OF_THE_CODE = frozenset({"files", "sockets"})
# The first host of a process loads three thousand modules; what follows takes a second at the most.
_BOUNDS = Bounds(seconds=20.0, hello_seconds=30.0)
# A shell, so that the protocol has a descriptor of its own: plugins write to standard output, which is a file here.
_SHELL = 'exec node --no-warnings "$0" "$1" "$2" "$3" 3>&1 4>&2 1>"$3/stdout.$$" 2>"$3/stderr.$$"'


class SignalkServerDriver:
    """Runs plugins in signalk-server, as it is installed from npm.

    The lane `whole` is the server with all that it has; `in-process` its WASM code over an app that is a stand-in.

    Args:
        seed: of no meaning for this host, whose randomness is Node's.
        lane: the way to take for every host; None to choose by what is asked of it.

    Raises:
        NotInstalled: the server or Node is not there; the message names the command that installs it.
    """

    name = "signalk-server"
    profile = DOCUMENTED  # every host is judged by the contract

    def __init__(self, *, seed: int = 0, lane: Lane | None = None) -> None:
        self.seed = seed
        self._lane = lane
        self._place = find()
        self._scratch = mkdtemp(prefix="signalk-server-")
        self._remove = weakref.finalize(self, shutil.rmtree, self._scratch, ignore_errors=True)

    def command(self, lane: Lane) -> str:
        """What starts a process of this lane; it lasts as long as this driver."""
        return shlex.join(("sh", "-c", _SHELL, str(_ADAPTER), str(self._place), lane, self._scratch))

    @cached_property
    def _whole(self) -> ExecDriver:
        return ExecDriver(self.command("whole"), seed=self.seed, bounds=_BOUNDS)

    @cached_property
    def _in_process(self) -> ExecDriver:
        return ExecDriver(self.command("in-process"), seed=self.seed, bounds=_BOUNDS)

    def lane(self, features: frozenset[str]) -> Lane:
        """The way to a host of which these features will be asked."""
        if self._lane:
            return self._lane
        fast = features & _OF_THE_CODE and features <= self._in_process.features
        return "in-process" if fast else "whole"

    def _through(self, lane: Lane) -> ExecDriver:
        return self._whole if lane == "whole" else self._in_process

    @property
    def version(self) -> str:
        """Of the server."""
        return self._through(self._lane or "whole").version

    @property
    def features(self) -> frozenset[str]:
        """What the server can do; in-process it can do nothing that it cannot do as a whole."""
        return self._through(self._lane or "whole").features

    @contextmanager
    def host(
        self, *, call_seconds: float | None = None, features: frozenset[str] = frozenset()
    ) -> Iterator[RemoteHost]:
        """A fresh host."""
        with self._through(self.lane(features)).host(call_seconds=call_seconds) as host:
            yield host

    @contextmanager
    def session(
        self, package: PluginPackage, *, grants: Grants | None = None, call_seconds: float | None = None
    ) -> Iterator[RemoteSession]:
        """Load a plugin into a fresh host."""
        with self.host(call_seconds=call_seconds) as host:
            yield host.load(package, grants=grants)

    def close(self) -> None:
        """End every process, and remove what they wrote."""
        for name in ("_whole", "_in_process"):
            if name in self.__dict__:
                self.__dict__[name].close()
        self._remove()
