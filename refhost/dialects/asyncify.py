"""as-fetch in a host that does not wait: unwind, answer, rewind, call the same export again (contract §18).

Asyncify (a pass of Binaryen) lets a plugin put its own stack aside: `asyncify_start_unwind` makes every function
return at once and keep its locals; after `asyncify_start_rewind` the same call runs back to where it was. Nothing of
that can be trusted: the state that the plugin tells is compared with what the host did, at every step.
"""

from __future__ import annotations

import functools
from collections import deque
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import wasmtime

from refhost.dialects.memory import U32
from refhost.dialects.objects import Objects, TooLong
from refhost.errors import BadReturn, FetchProtocolError, OutOfBounds, PluginTrap
from refhost.exports import RESPONSE_HANDLER
from refhost.functions import HostFunction, Kind, Result
from refhost.profiles import BY_THE_BOOK, Switches
from refhost.services.gate import Denied, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from refhost.dialects.guard import Guard
    from refhost.dialects.memory import GuestMemory
    from refhost.limits import Limits
    from refhost.services.fetch import Answer
    from refhost.services.gate import Gate

# Where as-fetch's own host looks for Asyncify's data until `_initAsyncify` has named another place.
_DEFAULT_FRAME = 16
# The class id of ArrayBuffer in AssemblyScript's runtime (contract §2).
_ARRAY_BUFFER = 1


class State(IntEnum):
    """What `asyncify_get_state` answers."""

    NORMAL = 0
    UNWINDING = 1
    REWINDING = 2


@dataclass
class _Fetch:
    """A fetch that the plugin waits for: who asked, the answer, and where it lies once the plugin is rewound."""

    function: HostFunction
    answer: Answer
    pointer: int | None = None


class Asyncify:
    """Makes the calls of one instance, and the fetches in them.

    Args:
        functions: the instance's exports; filled after this is made.
        memory: the instance's memory, once there is one.
    """

    def __init__(
        self,
        store: wasmtime.Store,
        gate: Gate,
        guard: Guard,
        limits: Limits,
        functions: Mapping[str, Callable[..., int | None]],
        memory: Callable[[], GuestMemory],
        switches: Switches = BY_THE_BOOK,
    ) -> None:
        self._store = store
        self._gate = gate
        self._guard = guard
        self._limits = limits
        self._functions = functions
        self._memory = memory
        self._switches = switches
        self._frame = _DEFAULT_FRAME
        self._export = ""
        self._helper = ""
        self._fetches = 0
        self._fetch: _Fetch | None = None
        self._later: deque[tuple[int, Answer]] = deque()

    # The calls.

    def drive(self, export: str, arguments: tuple[int, ...]) -> Any:  # noqa: ANN401 - as the export returns
        """Call an export until it has returned for good, then hand over the answers that it did not wait for.

        Raises:
            FetchProtocolError: the plugin broke the rules of §18.
        """
        self._fetches = 0
        result = self._complete(export, arguments)
        while self._later:
            callback, answer = self._later.popleft()
            self._hand_over(callback, answer)
        return result

    def _complete(self, export: str, arguments: tuple[int, ...]) -> Any:  # noqa: ANN401 - the same
        self._export = export
        first = None
        while True:
            result = self._enter(export, arguments)
            first = result if first is None else first
            fetch = self._fetch
            state = self._state() if self._is_asyncify else State.NORMAL
            if fetch is None:
                if state is not State.NORMAL:
                    raise self._broken(f"returned in the state {state.name.lower()}, and it waits for no fetch")
                if result != first and export == "plugin_start" and self._switches.departs("D47", export):
                    return first
                return result
            if fetch.pointer is not None:
                raise self._broken(f"was rewound, and returned without coming back to {fetch.function.name}")
            if state is not State.UNWINDING:
                raise self._broken(f"returned in the state {state.name.lower()}, in the middle of a fetch")
            self._turn("asyncify_stop_unwind", State.NORMAL)
            fetch.pointer = self._buffer(fetch.answer.body)
            self._turn("asyncify_start_rewind", State.REWINDING, self._frame)

    @property
    def _is_asyncify(self) -> bool:
        return "asyncify_get_state" in self._functions

    def _enter(self, export: str, arguments: tuple[int, ...]) -> Any:  # noqa: ANN401 - the same
        try:
            return self._functions[export](self._store, *arguments)
        except wasmtime.Trap as trap:
            if self._fetch is None or trap.trap_code is not wasmtime.TrapCode.UNREACHABLE:
                raise
        # Asyncify itself ends a call so whose stack does not fit.
        raise PluginTrap(
            export,
            f"{export} trapped while it was unwound or rewound for {self._fetch.function.name}: unreachable",
            trap="unreachable",
            hint="Is the stack of Asyncify large enough? It goes from the first to the second word at "
            f"{self._frame:#x}, the place that _initAsyncify named.",
        )

    def _hand_over(self, callback: int, answer: Answer) -> None:
        pointer = self._buffer(answer.body)
        pinned = "__pin" in self._functions and "__unpin" in self._functions
        if pinned:
            self._call("__pin", pointer)
        self._complete(RESPONSE_HANDLER, (pointer, answer.status, int(answer.redirected), callback))
        if pinned:
            self._call("__unpin", pointer)

    def _buffer(self, body: bytes) -> int:
        """A new ArrayBuffer of the plugin's."""
        pointer = self._call("__new", len(body), _ARRAY_BUFFER)
        if not pointer:
            raise BadReturn("__new", f"__new returned 0: no room for an answer of {len(body)} bytes")
        try:
            self._memory().write(pointer, body)
        except OutOfBounds as error:
            raise BadReturn("__new", f"__new returned a place that is none: {error}") from None
        address: int = pointer
        return address

    # Asyncify's own exports.

    def _call(self, name: str, *arguments: int) -> Any:  # noqa: ANN401 - the same
        self._helper = name
        try:
            return self._functions[name](self._store, *arguments)
        finally:
            self._helper = ""

    def _state(self) -> State:
        told = self._call("asyncify_get_state")
        try:
            return State(told)
        except ValueError:
            raise self._broken(f"cannot be gone on with: asyncify_get_state answered {told}") from None

    def _turn(self, name: str, expected: State, *arguments: int) -> None:
        self._call(name, *arguments)
        state = self._state()
        if state is not expected:
            raise self._broken(
                f"cannot be gone on with: after {name} the state is {state.name.lower()}, not {expected.name.lower()}"
            )

    def _broken(self, what: str) -> FetchProtocolError:
        return FetchProtocolError(
            self._export,
            f"{self._export} {what} (§18)",
            hint="Compile with --transform as-fetch/transform, and leave Asyncify's exports and data to the host.",
        )

    # The imports.

    def host_function(self, function: HostFunction) -> Callable[..., int | None]:
        """The wire form of one row of the table."""
        if function.result is Result.OBJECT:
            return functools.partial(self._wait_for, function)
        return functools.partial(self._later_or_init, function)

    def _later_or_init(self, function: HostFunction, *raw: int) -> None:
        self._check_moment(function)
        try:
            if function.operation == "fetch.init_asyncify":
                frame, end = self._gate.call(function, lambda: raw)
                self._gate.attempt(function, lambda: self._place(frame, end))
            else:
                self._later.append((raw[-1], self._ask(function, raw)))
        except (Refused, Denied):
            return

    def _place(self, frame: int, end: int) -> None:
        """Lay out Asyncify's data: where its stack is now, and where it ends."""
        memory = self._memory()
        memory.check(frame, end - frame)
        memory.write_u32(frame, frame + 8)
        memory.write_u32(frame + 4, end)
        self._frame = frame

    def _wait_for(self, function: HostFunction, *raw: int) -> int | None:
        self._check_moment(function)
        fetch = self._fetch
        if fetch is None:
            return self._unwind(function, raw)
        if fetch.function is not function:
            raise self._broken(f"was rewound for {fetch.function.name}, and came to {function.name}")
        if self._state() is not State.REWINDING:
            raise self._broken(f"came back to {function.name} without being rewound")
        self._turn("asyncify_stop_rewind", State.NORMAL)
        self._fetch = None
        return fetch.pointer

    def _unwind(self, function: HostFunction, raw: tuple[int, ...]) -> int | None:
        try:
            answer = self._ask(function, raw)
        except (Refused, Denied):
            return function.failure
        if self._state() is not State.NORMAL:
            raise self._broken(f"came to {function.name} while it unwound or rewound by itself")
        self._fetch = _Fetch(function, answer)
        self._turn("asyncify_start_unwind", State.UNWINDING, self._frame)
        return 0

    def _check_moment(self, function: HostFunction) -> None:
        if self._helper:
            raise self._broken(f"cannot be gone on with: {self._helper} called {function.name}")
        if self._fetch is not None and (self._fetch.pointer is None or function.result is not Result.OBJECT):
            raise self._broken(f"called {function.name} when it was to unwind or rewind for another fetch")

    def _ask(self, function: HostFunction, raw: tuple[int, ...]) -> Answer:
        answer: Answer = self._gate.call(function, lambda: self._decode(function, raw))
        if answer.waited:
            self._guard.renew()
        return answer

    def _decode(self, function: HostFunction, raw: tuple[int, ...]) -> tuple[Any, ...]:
        self._fetches += 1
        if self._fetches > self._limits.fetches_per_call:
            raise FetchProtocolError(
                self._export,
                f"{self._export} made more than {self._limits.fetches_per_call} requests in one call (§19)",
                hint="Fetch what is due in parts, in poll.",
            )
        objects = Objects(self._memory(), self._limits)
        readers: dict[Kind, Callable[[int], Any]] = {
            Kind.NUMBER: int,
            Kind.STRING: objects.text,
            Kind.STRING_PAIRS: objects.pairs,
            Kind.ARRAY_BUFFER: objects.body,
        }
        decoded = []
        for parameter, value in zip(function.parameters, raw, strict=True):
            if parameter.name == "callback":  # the plugin's own number, handed back as it came
                continue
            try:
                decoded.append(readers[parameter.kind](value))
            except (OutOfBounds, TooLong, ValueError) as error:
                raise FetchProtocolError(
                    self._export,
                    f"{self._export} called {function.name} with {parameter.name} at {value & U32:#x}: {error}",
                    hint="Pass what the as-fetch library makes of its arguments.",
                ) from None
        return tuple(decoded)
