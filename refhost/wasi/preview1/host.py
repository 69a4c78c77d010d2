"""The WASI of one instance of a core module."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from refhost.errors import OutOfBounds
from refhost.profiles import BY_THE_BOOK, Switches
from refhost.wasi.preview1.descriptors import Descriptors, Guest, Input, OpenDirectory, Output
from refhost.wasi.preview1.errno import Errno, WasiError, errno_of
from refhost.wasi.preview1.files import FileFunctions
from refhost.wasi.preview1.functions import FUNCTIONS
from refhost.wasi.preview1.paths import PathFunctions
from refhost.wasi.preview1.polling import PollFunctions
from refhost.wasi.preview1.process import ProcessFunctions

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence

    from refhost.clock import Clock
    from refhost.dialects.memory import GuestMemory
    from refhost.randomness import Randomness
    from refhost.wasi.preview1.descriptors import Descriptor
    from refhost.wasi.vfs import Vfs

_EMPTY: Mapping[str, str] = MappingProxyType({})
# Each function with the class that has it.
_GROUPS: Mapping[str, type] = {
    name: kind
    for kind in (FileFunctions, PathFunctions, PollFunctions, ProcessFunctions)
    for name in FUNCTIONS
    if hasattr(kind, name)
}


class Preview1:
    """The functions of `wasi_snapshot_preview1`, over a VFS, a virtual clock and seeded randomness (§5).

    Errors are those of wasmtime wherever the WASI documents leave a choice. A pointer out of range is FAULT,
    and no Python exception but `GuestExit` leaves a function.

    Args:
        vfs: what the plugin sees as `/`; None for no such directory (capability storage `"none"`).
        preopens: further directories, each with the name under which the plugin finds it.
        clock: time. A look at it takes a microsecond; a wait passes at once.
        random: where `random_get` takes bytes from.
        env: environment variables.
        args: arguments, the program's name first where there is one.
        stdin: what standard input gives: bytes, or a function that gives up to so many when it is asked.
        stdout: takes what is written to standard output.
        stderr: takes what is written to standard error.
        switches: the profile.
    """

    def __init__(
        self,
        *,
        vfs: Vfs | None = None,
        preopens: Sequence[tuple[Vfs, str]] = (),
        clock: Clock,
        random: random.Random | Randomness,
        env: Mapping[str, str] = _EMPTY,
        args: Sequence[str] = (),
        stdin: bytes | Callable[[int], bytes] = b"",
        stdout: Callable[[bytes], None],
        stderr: Callable[[bytes], None],
        switches: Switches = BY_THE_BOOK,
    ) -> None:
        given = Input(stdin) if isinstance(stdin, bytes) else Input(b"", stdin)
        first: list[Descriptor] = [given, Output(stdout), Output(stderr)]
        own = [(vfs, "/")] if vfs is not None else []
        for tree, name in [*own, *preopens]:
            first.append(OpenDirectory(tree.root_directory(), preopen=name.encode("utf-8", "surrogateescape")))
        self._guest = Guest(Descriptors(first))
        self._groups: dict[type, object] = {
            FileFunctions: FileFunctions(self._guest, clock),
            PathFunctions: PathFunctions(self._guest, clock),
            PollFunctions: PollFunctions(self._guest, clock),
            ProcessFunctions: ProcessFunctions(self._guest, clock, random, env, args, switches),
        }

    def bind(self, memory: GuestMemory) -> None:
        """Say which memory pointers point into: that of the instance, once there is one."""
        self._guest.memory = memory

    def call(self, name: str, args: Sequence[int]) -> int | None:
        """Call a function with the numbers that the guest passed, signed or unsigned.

        Returns:
            The errno; `proc_exit` does not return.

        Raises:
            GuestExit: from `proc_exit`.
        """
        try:
            getattr(self._groups[_GROUPS[name]], name)(*args)
        except WasiError as error:
            return error.errno
        except OSError as error:
            return errno_of(error)
        except OutOfBounds:
            return Errno.FAULT
        except MemoryError:
            return Errno.NOMEM
        return Errno.SUCCESS

    def function(self, name: str) -> Callable[..., int | None]:
        """The function of that name, to be linked."""
        return lambda *args: self.call(name, args)

    def close(self) -> None:
        """Close every descriptor."""
        self._guest.descriptors.close_all()
