"""Host functions that may raise anything, and the calls around them (findings of wasmtime-py, contract §19).

In a component's host function any exception that is not an `Exception` takes the process down, and wasmtime-py keeps
the last exception in one global slot of the process, from where it can surface in another call. So no exception ever
crosses the guest as itself: it is parked here, the guest is ended by a plain one, and the parked one is raised again
once the call is over.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import wasmtime
import wasmtime._func as core_calls
from wasmtime.component import _enter as component_calls

from refhost.dialects.foreign import foreign
from refhost.engine import WATCHDOG, ticks
from refhost.errors import GuestExit, HostError, PluginAbort, PluginExit, PluginTimeout, PluginTrap

if TYPE_CHECKING:
    from collections.abc import Callable


_NAME = 200  # characters of a function's name that are shown: a binary may hold any


# wasmtime-py's own makes an object of each number.
_set_deadline = foreign("wasmtime_context_set_epoch_deadline", None, ctypes.c_void_p, ctypes.c_uint64)


class _Parked(Exception):  # noqa: N818 - a messenger, not an error
    """Ends the guest's call while the true exception waits in the guard."""


# What wasmtime says in its message, where it gives no code, and WebAssembly's word for it.
_TRAP_WORDS = {
    "call stack exhausted": "stack overflow",
    "out of bounds memory access": "out of bounds memory access",
    "undefined element": "undefined element",
    "uninitialized element": "uninitialized element",
    "indirect call type mismatch": "indirect call type mismatch",
    "integer divide by zero": "integer divide by zero",
    "integer overflow": "integer overflow",
    "invalid conversion to integer": "invalid conversion to integer",
    "interrupt": "interrupt",
    "unreachable": "unreachable",
}


class Guard:
    """The way in and out of one plugin's store.

    Args:
        call_seconds: the real time that one call may take.
        reentrant: whether the guest may be entered while it runs, in calls that end by themselves (D42).

    Attributes:
        watch: is called once, before the guest's next call of a host function, unless that is a quiet one.
        before: is called before each quiet one.
    """

    def __init__(self, store: wasmtime.Store, call_seconds: float, *, reentrant: bool = False) -> None:
        self._store = store
        self._call_seconds = call_seconds
        self._ticks = ticks(call_seconds)
        self._reentrant = reentrant
        self._parked: BaseException | None = None
        self._depth = 0
        self.watch: Callable[[], None] | None = None
        self.before: Callable[[], None] | None = None

    def wrap(self, function: Callable[..., Any], *, quiet: bool = False) -> Callable[..., Any]:
        """A host function that parks whatever it raises.

        Args:
            function: the host function.
            quiet: whether it is no concern of who watches.
        """

        def guarded(*arguments: Any) -> Any:  # noqa: ANN401 - as wasmtime passes them
            try:
                if not quiet:
                    self.watched()
                elif self.before is not None:
                    self.before()
                return function(*arguments)
            except _Parked:  # from a call back into the guest: what ended that one is parked already
                raise
            except BaseException as error:  # noqa: BLE001 - every kind must be kept from the guest
                self._parked = error
                raise _Parked from None

        return guarded

    def watched(self) -> None:
        """Tell who watches, once."""
        if self.watch is not None:
            watch, self.watch = self.watch, None
            watch()

    def run(self, export: str | Callable[[], str], call: Callable[[], Any]) -> Any:  # noqa: ANN401 - as the export returns
        """Call into the guest, and turn every way it can end into a result or an error that names the export.

        Args:
            export: its name; or what tells which it was, where one call is of several exports.
            call: the call.

        Raises:
            PluginError: the plugin trapped, aborted, exited or ran too long.
            BaseException: whatever a host function raised, as itself.
        """
        if self._depth:  # a host function that calls back into the guest is under the outer call's deadline
            return self._run_inside(str(export), call) if self._reentrant else call()
        several = not isinstance(export, str)  # then up to a tick has gone by when one of them begins
        _set_deadline(self._store._context(), self._ticks + several)  # noqa: SLF001 - as wasmtime-py's own
        self._parked = None
        self._depth = 1
        try:
            with WATCHDOG:
                return call()
        except (_Parked, wasmtime.Trap, wasmtime.WasmtimeError) as error:
            raise self._meaning(export if isinstance(export, str) else export(), error) from None
        finally:
            self._depth = 0
            self._parked = None
            core_calls.LAST_EXCEPTION = None
            component_calls.LAST_EXCEPTION = None

    def _run_inside(self, export: str, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - as the export returns
        """The same for a call inside another one: whatever ends it leaves the outer one as it was."""
        try:
            return call()
        except (_Parked, wasmtime.Trap, wasmtime.WasmtimeError) as error:
            meaning = self._meaning(export, error)
            self._parked = None
            raise meaning from None
        finally:
            core_calls.LAST_EXCEPTION = None

    def renew(self, more: int = 0) -> None:
        """Give the call that is running its full time again, and some ticks more: the host kept it waiting."""
        self._store.set_epoch_deadline(self._ticks + more)

    def _meaning(self, export: str, error: Exception) -> BaseException:
        parked = self._parked
        if isinstance(parked, (wasmtime.Trap, wasmtime.WasmtimeError)):  # the guest trapped when it was called back
            error, parked = parked, None
        if isinstance(parked, GuestExit):
            return PluginExit(export, f"{export} ended the program with proc_exit({parked.code})", code=parked.code)
        if isinstance(parked, PluginAbort):
            return PluginAbort(export, f"{export} {parked.message}", hint=parked.hint)
        if isinstance(parked, PluginTimeout) and not parked.function:  # it waited too long
            return PluginTimeout(export, f"{export} {parked.message}", hint=parked.hint)
        if parked is not None and not isinstance(parked, HostError):
            return parked
        if parked is not None:
            return parked
        if isinstance(error, wasmtime.ExitTrap):
            return PluginExit(export, f"{export} ended the program with exit({error.code})", code=error.code)
        word = _trap_word(error)
        if word == "interrupt":
            return PluginTimeout(
                export,
                f"{export} did not return within {self._call_seconds:g} s",
                hint="An endless loop, or too much work in one call: do it in parts, in poll.",
            )
        return PluginTrap(export, f"{export} trapped: {word}", trap=word, hint=_frames(error))


def _trap_word(error: Exception) -> str:
    text = str(error)
    for sign, word in _TRAP_WORDS.items():
        if sign in text:
            return word
    last = [line.strip() for line in text.splitlines() if line.strip()]
    return last[-1] if last else type(error).__name__


def _frames(error: Exception) -> str:
    """The innermost functions of a trap, by name where the binary has names."""
    frames = getattr(error, "frames", None) or []
    names = [frame.func_name[:_NAME] for frame in frames[:4] if frame.func_name]
    return f"Inside {' ← '.join(names)}." if names else ""
