"""One compiled engine for the process, each binary compiled once, and the watchdog that ends long calls."""

from __future__ import annotations

import atexit
import functools
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, TypeVar

import wasmtime
from wasmtime import component

from refhost.compiled import CompiledFiles, described, folder
from refhost.errors import BinaryError
from refhost.wasi.preview2.lending import allow_two_borrows

if TYPE_CHECKING:
    import ctypes
    from collections.abc import Callable
    from pathlib import Path

# A call is ended between its limit and two ticks more.
TICK_SECONDS = 0.01
_IDLE_TICKS = 200

# Of each kind; a module with data holds an open file (of memory), of which a process may have some thousand in all.
MOST_REMEMBERED = 256

Compiled = TypeVar("Compiled", wasmtime.Module, component.Component)
Found = TypeVar("Found")


_SETTINGS = {
    "epoch_interruption": True,
    "wasm_component_model": True,
    "max_wasm_stack": 512 * 1024,
    "cranelift_nan_canonicalization": True,  # the same bytes from the same input, on every machine
    # Traps are checked for in code. By signals, one that comes after somebody has switched on Python's faulthandler, as
    # pytest does, would end the process.
    "signals_based_traps": False,
}


@functools.cache
def engine() -> wasmtime.Engine:
    """The engine that every module of this process is compiled with."""
    config = wasmtime.Config()
    for name, value in _SETTINGS.items():
        setattr(config, name, value)
    allow_two_borrows(config)
    return wasmtime.Engine(config)


class Compiler:
    """Compiles, and remembers by content: the same bytes are compiled once, also in later processes of this user.

    Of very many binaries those that were used longest ago are forgotten.

    Attributes:
        compiled: how often something was compiled.
    """

    def __init__(self) -> None:
        self.compiled = 0
        self._modules: dict[bytes, wasmtime.Module] = {}
        self._components: dict[bytes, component.Component] = {}
        self._found: dict[tuple[str, bytes], Any] = {}
        self._lock = threading.RLock()

    def module(self, binary: bytes) -> wasmtime.Module:
        """Compile a core module.

        Raises:
            BinaryError: the bytes do not validate.
        """
        return self._once("module", wasmtime.Module, self._modules, binary)

    def component(self, binary: bytes) -> component.Component:
        """Compile a component.

        Raises:
            BinaryError: the bytes do not validate.
        """
        return self._once("component", component.Component, self._components, binary)

    def remembering(self, look: Callable[[bytes], Found]) -> Callable[[bytes], Found]:
        """A function that finds out something about a binary: what it found is remembered by content too."""

        @functools.wraps(look)
        def found(binary: bytes) -> Found:
            key = f"{look.__module__}.{look.__qualname__}", binary
            with self._lock:
                if key not in self._found:
                    self._found[key] = look(binary)
                answer: Found = self._found[key]
                return answer

        return found

    def clear(self) -> None:
        """Forget everything that was compiled."""
        self._found.clear()
        self._modules.clear()
        self._components.clear()

    def close(self) -> None:
        """Free everything that was compiled, also what somebody still holds: nothing can be instantiated any more."""
        for module in self._modules.values():
            module.close()
        for compiled in self._components.values():
            compiled.close()
        self.clear()

    def _once(self, kind: str, made: type[Compiled], cache: dict[bytes, Compiled], binary: bytes) -> Compiled:
        with self._lock:
            if binary in cache:
                cache[binary] = cache.pop(binary)  # what was used last stands last
            else:
                try:
                    cache[binary] = self._kept(kind, made, binary) or self._compiled(kind, made, binary)
                except wasmtime.WasmtimeError as error:
                    reason = " ".join(str(error).split())
                    raise BinaryError(
                        f"The binary ({len(binary)} bytes) is not valid WebAssembly: {reason}",
                        hint="Was the file cut short in a copy, or is the compiler still writing it? Build it again.",
                    ) from None
                if len(cache) > MOST_REMEMBERED:
                    del cache[next(iter(cache))]
            return cache[binary]

    @staticmethod
    def _kept(kind: str, made: type[Compiled], binary: bytes) -> Compiled | None:
        """What an earlier process has compiled."""
        files = _files()
        code = files.read(kind, binary) if files else None
        try:
            return made.deserialize(engine(), code) if code else None
        except wasmtime.WasmtimeError:  # of another build of wasmtime, or of another machine
            return None

    def _compiled(self, kind: str, made: type[Compiled], binary: bytes) -> Compiled:
        self.compiled += 1
        fresh = made(engine(), binary)
        files = _files()
        if files:
            files.keep(kind, binary, bytes(fresh.serialize()))
        return fresh


COMPILER = Compiler()


def _files() -> CompiledFiles | None:
    place = folder()
    return _files_in(place) if place else None


@functools.cache
def _files_in(place: Path) -> CompiledFiles:
    return CompiledFiles(place, described(_SETTINGS.items()))


_STORES: weakref.WeakSet[wasmtime.Store] = weakref.WeakSet()


def new_store() -> wasmtime.Store:
    """A store of the engine, for one instance."""
    store = wasmtime.Store(engine())
    _STORES.add(store)
    return store


@atexit.register
def _close() -> None:
    """Free what somebody still holds while Python is whole.

    Later, wasmtime-py prints tracebacks about what was compiled, and to free a store ends the process: wasmtime calls
    back for each host function, and what it calls may be gone.
    """
    for store in list(_STORES):
        store.close()
    COMPILER.close()


class Watchdog:
    """Advances the engine's epoch while plugins run, so that a call past its deadline traps.

    One thread, started by the first call and ended once nothing has run for a while: an idle process keeps none.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ticking = False
        self._active = 0
        self._told: dict[int, ctypes.c_uint32] = {}

    def tell(self, place: ctypes.c_uint32) -> None:
        """Write 1 into a place at every tick from here on, until it is forgotten."""
        with self._lock:
            self._told[id(place)] = place

    def forget(self, place: ctypes.c_uint32) -> None:
        """Never write there again: the memory may be gone."""
        with self._lock:
            del self._told[id(place)]

    def __enter__(self) -> None:
        """A call begins."""
        with self._lock:
            self._active += 1
            if not self._ticking:
                self._ticking = True
                threading.Thread(target=self._tick, name="refhost-watchdog", daemon=True).start()

    def __exit__(self, *_: object) -> None:
        """The call has ended, however it did."""
        with self._lock:
            self._active -= 1

    def _tick(self) -> None:
        pause = threading.Event()
        idle = told = 0
        begun = time.monotonic()
        while True:
            pause.wait(TICK_SECONDS)
            # A host function at work keeps this thread waiting: a deadline is a time, not a number of turns.
            due = max(told + 1, int((time.monotonic() - begun) / TICK_SECONDS))
            for _ in range(due - told):
                engine().increment_epoch()
            told = due
            with self._lock:
                for place in self._told.values():
                    place.value = 1
                idle = 0 if self._active else idle + 1
                if idle >= _IDLE_TICKS:
                    self._ticking = False
                    return


WATCHDOG = Watchdog()


def ticks(seconds: float) -> int:
    """How many epochs a call may see before it is ended."""
    return max(1, round(seconds / TICK_SECONDS)) + 1
