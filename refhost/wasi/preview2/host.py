"""The WASI 0.2 of one component instance."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from wasmtime import component as wc

from refhost.errors import GuestExit, HostError
from refhost.limits import Limits
from refhost.wasi.preview2.cli import CliFunctions
from refhost.wasi.preview2.clocks import ClockFunctions
from refhost.wasi.preview2.filesystem import FilesystemFunctions, error_code
from refhost.wasi.preview2.http import FieldsFunctions, RequestFunctions, ResponseFunctions, Room
from refhost.wasi.preview2.randomness import RandomFunctions
from refhost.wasi.preview2.registry import Failure, collect, misuse
from refhost.wasi.preview2.resources import Table, resource_type
from refhost.wasi.preview2.sockets import SocketFunctions, refuse
from refhost.wasi.preview2.streams import StreamFunctions, stream_error
from refhost.wasi.preview2.values import lift, result
from refhost.wasi.preview2.wit import interfaces

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from wasmtime import Engine

    from refhost.clock import Clock
    from refhost.randomness import Randomness
    from refhost.wasi.preview2.http.requests import Open
    from refhost.wasi.vfs import Vfs

    Guard = Callable[[Callable[..., Any]], Callable[..., Any]]

_EMPTY: Mapping[str, str] = MappingProxyType({})
_SOCKETS = "wasi:sockets/"
_NAME = re.compile(r"(?P<interface>wasi:[a-z-]+/[a-z-]+)@0\.2\.\d+")


class Preview2:
    """All of WASI 0.2 that a component may import, over a VFS, a virtual clock and seeded randomness (§5).

    Any 0.2 version is the same; `wasi:sockets` is there, and refuses. What WASI makes a trap of raises
    `PluginTrap`.

    Args:
        vfs: what the plugin sees as `/`; None preopens no directory (capability storage `"none"`).
        clock: time. A look at it takes a microsecond; a wait passes at once.
        random: where random bytes come from.
        env: environment variables.
        args: arguments, the program's name first where there is one.
        stdin: what standard input gives.
        stdout: takes what is written to standard output.
        stderr: takes what is written to standard error.
        preopen: the name under which the plugin finds the root of the VFS.
        limits: bounds of requests.
    """

    def __init__(
        self,
        *,
        vfs: Vfs | None,
        clock: Clock,
        random: random.Random | Randomness,
        env: Mapping[str, str] = _EMPTY,
        args: Sequence[str] = (),
        stdin: bytes = b"",
        stdout: Callable[[bytes], None],
        stderr: Callable[[bytes], None],
        preopen: str = "/",
        limits: Limits | None = None,
    ) -> None:
        limits = limits or Limits()
        self._requests = RequestFunctions(clock, limits, Room(limits.memory_bytes))
        groups = (
            CliFunctions(env, args, stdin, stdout, stderr),
            ClockFunctions(clock),
            FilesystemFunctions(vfs, clock, preopen),
            RandomFunctions(random),
            SocketFunctions(),
            StreamFunctions(clock),
            FieldsFunctions(limits),
            ResponseFunctions(),
            self._requests,
        )
        meaning = {"wasi:filesystem/types": error_code, "wasi:io/streams": stream_error}
        self._functions = collect(groups, meaning)
        self._table = Table()

    def make_requests_with(self, opener: Open) -> None:
        """Have requests of `wasi:http` made, which are denied otherwise.

        Args:
            opener: is told method, URL, headers and how many seconds the plugin waits for the answer; returns what
                sends the request, or None if it may not be made.
        """
        self._requests.open = opener

    def define(self, root: wc.LinkerInstance, ty: wc.ComponentType, engine: Engine, guard: Guard) -> None:
        """Define every interface of WASI 0.2 that a component imports.

        Args:
            root: of the linker.
            ty: the component's type. Only functions of WASI may be imported, with WASI's types:
                `ComponentBinary.problems` tells.
            engine: of the component.
            guard: put around every host function and destructor; it must keep exceptions from wasmtime that
                are no `Exception`, since these take the process down.
        """
        for full_name, interface, members in _interfaces(ty, engine):
            known = interfaces()[interface]
            with root.add_instance(full_name) as linked:
                for name, member in members.items():
                    if isinstance(member, wc.ResourceType):
                        linked.add_resource(name, resource_type(known.resource(name)), guard(self._drop))
                    elif isinstance(member, wc.FuncType):
                        linked.add_func(name, guard(self._link(interface, name, member)))

    def function(self, interface: str, name: str) -> Callable[..., Any]:
        """One function as Python has it: resources as objects, errors as `Failure`. For tests."""
        return self._functions[interface, name]

    def close(self) -> None:
        """Drop every resource, and so close every file."""
        self._table.close()

    def _drop(self, _store: object, number: int) -> None:
        self._table.drop(number)

    def _link(self, interface: str, name: str, ty: wc.FuncType) -> Callable[..., Any]:
        label = f"{interface}.{name}"
        function = self._functions.get((interface, name))
        if function is None and interface.startswith(_SOCKETS):
            function = refuse
        if function is None:
            return _for_servers(label)
        lifts = [lift(parameter, self._table) for _, parameter in ty.params]
        finish = result(ty.result, self._table)

        def host(store: Any, *arguments: Any) -> Any:  # noqa: ANN401 - as wasmtime passes them
            try:
                values = [convert(store, value) for convert, value in zip(lifts, arguments, strict=True)]
                return finish(lambda: function(*values))
            except (GuestExit, HostError):
                raise
            except (TypeError, AttributeError, KeyError, ValueError, Failure) as error:
                # Types are checked before anything is linked, but not here: whoever leaves that out gets a trap.
                raise misuse(label, f"not as WASI 0.2 declares it ({error})") from error

        return host


def _for_servers(label: str) -> Callable[..., None]:
    """A function of WASI 0.2 that this host does not carry out: those of `wasi:http` that only a server has use for."""

    def trap(*_arguments: object) -> None:
        raise misuse(label, "only a server calls it, and no request reaches a plugin through wasi:http")

    return trap


def _interfaces(ty: wc.ComponentType, engine: Engine) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The interfaces of WASI 0.2 among the imports: full name, name without version, members by name."""
    for full_name, extern in ty.imports(engine).items():
        match = _NAME.fullmatch(full_name)
        instance = extern.ty
        if match and isinstance(instance, wc.ComponentInstanceType):
            members = {name: member.ty for name, member in instance.exports(engine).items()}
            yield full_name, match["interface"], members
