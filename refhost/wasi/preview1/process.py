"""Arguments, environment, clocks, randomness, exit, and sockets, of which there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.dialects.memory import U32
from refhost.errors import GuestExit
from refhost.profiles import BY_THE_BOOK, Switches
from refhost.wasi.preview1.errno import Errno, WasiError
from refhost.wasi.preview1.layout import Clockid

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence

    from refhost.clock import Clock
    from refhost.randomness import Randomness
    from refhost.wasi.preview1.descriptors import Guest

LOOK_NS = 1000  # what a look at the clock costs: a plugin that waits by looking comes to an end
_CHUNK = 1 << 20
_MAX_SIGNAL = 30


class ProcessFunctions:
    """Functions that concern no file. Each takes what the guest passed, and raises where it has to fail."""

    def __init__(
        self,
        guest: Guest,
        clock: Clock,
        random: random.Random | Randomness,
        env: Mapping[str, str],
        args: Sequence[str],
        switches: Switches = BY_THE_BOOK,
    ) -> None:
        self._switches = switches
        self._guest = guest
        self._clock = clock
        self._random = random
        self._args = [argument.encode() + b"\0" for argument in args]
        self._env = [f"{name}={value}".encode() + b"\0" for name, value in env.items()]

    def args_get(self, pointers: int, buffer: int) -> None:
        """Tell the arguments."""
        self._strings(self._args, pointers, buffer)

    def args_sizes_get(self, count: int, size: int) -> None:
        """Tell how many arguments there are and how many bytes they take."""
        if not self._args and self._switches.departs("ARGS", "args_sizes_get"):
            raise WasiError(Errno.INVAL)
        self._sizes(self._args, count, size)

    def environ_get(self, pointers: int, buffer: int) -> None:
        """Tell the environment."""
        self._strings(self._env, pointers, buffer)

    def environ_sizes_get(self, count: int, size: int) -> None:
        """Tell how many variables there are and how many bytes they take."""
        self._sizes(self._env, count, size)

    def _sizes(self, strings: list[bytes], count: int, size: int) -> None:
        self._guest.check(size, 4)
        self._guest.write_u32(count, len(strings))
        self._guest.write_u32(size, sum(map(len, strings)))

    def _strings(self, strings: list[bytes], pointers: int, buffer: int) -> None:
        data = b"".join(strings)
        self._guest.check(buffer, len(data))
        addresses = bytearray()
        address = buffer & U32
        for string in strings:
            addresses += address.to_bytes(4, "little")
            address += len(string)
        self._guest.write(pointers, bytes(addresses))
        self._guest.write(buffer, data)

    def clock_res_get(self, clock: int, result: int) -> None:
        """Tell the resolution of a clock: what a look at it costs."""
        _check_clock(clock)
        self._guest.write_u64(result, LOOK_NS)

    def clock_time_get(self, clock: int, _precision: int, result: int) -> None:
        """Tell the virtual time, which moves on a little by it."""
        _check_clock(clock)
        self._clock.pass_time(LOOK_NS)
        now = self._clock.now_ns if clock == Clockid.REALTIME else self._clock.elapsed_ns
        self._guest.write_u64(result, now)

    def random_get(self, buffer: int, length: int) -> None:
        """Fill a buffer from the seeded generator."""
        buffer, length = buffer & U32, length & U32
        self._guest.check(buffer, length)
        for start in range(0, length, _CHUNK):
            self._guest.write(buffer + start, self._random.randbytes(min(_CHUNK, length - start)))

    def sched_yield(self) -> None:
        """Nothing else is waiting."""

    def proc_exit(self, code: int) -> None:
        """End the instance."""
        raise GuestExit(code & U32)

    def proc_raise(self, signal: int) -> None:
        """There are no signals."""
        raise WasiError(Errno.NOTSUP if 0 <= signal <= _MAX_SIGNAL else Errno.INVAL)

    def sock_accept(self, fd: int, _flags: int, _result: int) -> None:
        """No descriptor is a socket."""
        self._no_socket(fd)

    def sock_recv(self, fd: int, _vectors: int, _count: int, _flags: int, _size: int, _result_flags: int) -> None:
        """No descriptor is a socket."""
        self._no_socket(fd)

    def sock_send(self, fd: int, _vectors: int, _count: int, _flags: int, _size: int) -> None:
        """No descriptor is a socket."""
        self._no_socket(fd)

    def sock_shutdown(self, fd: int, _how: int) -> None:
        """No descriptor is a socket."""
        self._no_socket(fd)

    def _no_socket(self, fd: int) -> None:
        self._guest.descriptors.get(fd)
        raise WasiError(Errno.NOTSOCK)


def _check_clock(clock: int) -> None:
    """Only the first two clocks are there; wasmtime, too, answers BADF for processor time."""
    if clock in {Clockid.PROCESS_CPUTIME_ID, Clockid.THREAD_CPUTIME_ID}:
        raise WasiError(Errno.BADF)
    if clock not in {Clockid.REALTIME, Clockid.MONOTONIC}:
        raise WasiError(Errno.INVAL)
