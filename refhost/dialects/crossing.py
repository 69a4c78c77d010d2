"""Calls into a core module and out of it, without what wasmtime-py does anew in every call.

`wasmtime.Func` asks for a function's type in each call and makes several objects for each number: two thirds of the
time of a short call. A host calls a plugin thousands of times a second, and knows the types beforehand.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

import wasmtime
import wasmtime._ffi as ffi
import wasmtime._func as calls

from refhost.dialects.foreign import foreign
from refhost.dialects.memory import U32
from refhost.signatures import callable_from_python

if TYPE_CHECKING:
    import weakref
    from collections.abc import Callable, Iterator, Sequence

_INWARD = re.compile(r"\((i32(?:, i32)*)?\)( -> i32)?")
_OUTWARD = re.compile(r"\(((?:i32|i64)(?:, (?:i32|i64))*)?\)( -> i32)?")
_I32 = ffi.WASMTIME_I32.value

# Where the words of a host function's numbers end, where those of its i64s begin, and whether it gives an i32.
Shape = tuple[int, tuple[int, ...], bool]


def exported(function: wasmtime.Func, signature: str) -> Callable[..., int | None]:
    """An export, to be called with its store and numbers as `function` itself would be.

    Args:
        function: the export.
        signature: its type, such as `(i32, i32) -> i32`.
    """
    numbers = _inward(signature)
    if numbers:
        return _Export(function, *numbers)
    return function if callable_from_python(signature) else _Uncallable(signature)


def instantiated(store: wasmtime.Store, module: wasmtime.Module, imports: Sequence[wasmtime.Func]) -> wasmtime.Instance:
    """An instance with these functions for its imports, as `wasmtime.Instance(store, module, imports)` would be."""
    given = (ffi.wasmtime_extern_t * len(imports))()
    for extern, function in zip(given, imports, strict=True):
        extern.kind = _FUNC
        extern.of.func = function._func  # noqa: SLF001 - as wasmtime-py's own
    context = store._context()  # noqa: SLF001 - as above
    return made_in(lambda *places: _instantiate(context, module.ptr(), given, len(given), *places))


def made_in(make: Callable[[int, int], int | None]) -> wasmtime.Instance:
    """The instance that a function of C makes.

    Args:
        make: calls it with the places for the instance and for a trap, and gives the error that it answered with.
    """
    made, trap = ffi.wasmtime_instance_t(), ctypes.c_void_p()
    error = make(ctypes.addressof(made), ctypes.addressof(trap))
    if error or trap.value:
        raise_ended(error, trap.value)
    return wasmtime.Instance._from_raw(made)  # noqa: SLF001 - as above


_P = ctypes.c_void_p
_instantiate = foreign("wasmtime_instance_new", _P, _P, _P, _P, ctypes.c_size_t, _P, _P)


def export_of(store: wasmtime.Store, instance: wasmtime.Instance, name: str) -> wasmtime.Func | wasmtime.Memory | None:
    """A function or memory that an instance exports; None for anything else, and where there is none of that name."""
    item, text = ffi.wasmtime_extern_t(), name.encode("utf-8")
    places = ctypes.addressof(instance._instance), text, len(text), ctypes.addressof(item)  # noqa: SLF001 - as wasmtime-py's own
    if not _export(store._context(), *places):  # noqa: SLF001 - as above
        return None
    kind: object = item.kind  # a number, though declared as one of ctypes
    if kind == _FUNC:
        return wasmtime.Func._from_raw(item.of.func)  # noqa: SLF001 - as above
    return wasmtime.Memory._from_raw(item.of.memory) if kind == _MEMORY else None  # noqa: SLF001 - as above


_FUNC, _MEMORY = ffi.WASMTIME_EXTERN_FUNC.value, ffi.WASMTIME_EXTERN_MEMORY.value
# Of the n-th, wasmtime would read all of them each time.
_export = foreign("wasmtime_instance_export_get", ctypes.c_bool, _P, _P, ctypes.c_char_p, ctypes.c_size_t, _P)


class Exports(Mapping[str, "Callable[..., int | None]"]):
    """The functions that an instance exports, to be called as those of `exported`; each is read when it is asked for.

    There are none before `read_from` and after `clear`.

    Args:
        store: of the instance.
        adapt: makes of a function and its type what is called; None for the function as it is.
    """

    def __init__(
        self,
        store: wasmtime.Store,
        adapt: Callable[[Callable[..., int | None], str], Callable[..., int | None]] | None = None,
    ) -> None:
        self._store = store
        self._adapt = adapt
        self._instance: wasmtime.Instance | None = None
        self._signatures: Mapping[str, str] = {}
        self._read: dict[str, Callable[..., int | None]] = {}

    def read_from(self, instance: wasmtime.Instance, signatures: Mapping[str, str]) -> None:
        """Say which instance it is, and which functions it exports, with their types."""
        self._instance = instance
        self._signatures = signatures

    def clear(self) -> None:
        """Forget the instance."""
        self._instance = None
        self._signatures = {}
        self._read.clear()

    def function(self, name: str) -> wasmtime.Func:
        """The function itself, for another module to import.

        Raises:
            KeyError: there is none of that name.
        """
        found = export_of(self._store, self._instance, name) if self._instance else None
        if not isinstance(found, wasmtime.Func):
            raise KeyError(name)
        return found

    def __getitem__(self, name: str) -> Callable[..., int | None]:
        function = self._read.get(name)
        if function is None:
            found, signature = self.function(name), self._signatures[name]
            function = exported(found, signature)
            function = self._read[name] = self._adapt(function, signature) if self._adapt else function
        return function

    def __contains__(self, name: object) -> bool:  # without reading it
        return name in self._signatures

    def __iter__(self) -> Iterator[str]:
        return iter(self._signatures)

    def __len__(self) -> int:
        return len(self._signatures)


@functools.cache
def _inward(signature: str) -> tuple[int, int] | None:
    """How many i32s a function takes, and whether it gives one; None for a function of anything else."""
    numbers = _INWARD.fullmatch(signature)
    return (len((numbers[1] or "").split()), 1 if numbers[2] else 0) if numbers else None


class _Uncallable:
    """A function that no number can be given to; wasmtime-py would not survive the attempt."""

    __slots__ = ("_signature",)

    def __init__(self, signature: str) -> None:
        self._signature = signature

    def __call__(self, _store: wasmtime.Store, *_numbers: int) -> NoReturn:
        raise wasmtime.WasmtimeError(f"its type is {self._signature}")


class _Export:
    """A function of i32s that returns one or nothing.

    Its type is known, so wasmtime is told not to check what it is given. The room for numbers is the function's own:
    wasmtime reads it before the function runs and writes it when it has returned, so it may be entered again meanwhile.
    """

    __slots__ = ("_count", "_function", "_gives", "_place", "_room", "_size", "_trap", "_trap_place")

    def __init__(self, function: wasmtime.Func, count: int, gives: int) -> None:
        self._function = function  # owns what is called
        self._place = ctypes.addressof(function._func)  # noqa: SLF001 - as wasmtime-py's own call does
        self._count = count
        self._gives = gives
        self._size = max(count, gives)
        self._room = _room(self._size)()
        self._trap = ctypes.c_void_p()
        self._trap_place = ctypes.addressof(self._trap)

    def __call__(self, store: wasmtime.Store, *numbers: int) -> int | None:
        if len(numbers) != self._count:
            self._function(store, *numbers)  # says what is wrong
        room, at = self._room, 0
        for number in numbers:
            room[at] = number
            at += _WORDS
        error = _call(store._context(), self._place, room, self._size, self._trap_place)  # noqa: SLF001 - as above
        if error or self._trap.value:
            trap, self._trap.value = self._trap.value, None
            raise_ended(error, trap)
        return room[0] if self._gives else None


# A number of any type takes 16 bytes, of which an i32 is the first four.
_WORDS = 4
_call = foreign("wasmtime_func_call_unchecked", _P, _P, _P, _P, ctypes.c_size_t, _P)


@functools.cache
def _room(count: int) -> type[ctypes.Array[ctypes.c_int32]]:
    return ctypes.c_int32 * (_WORDS * count)


def raise_ended(error: int | None, trap: int | None) -> NoReturn:
    """What ended a call: an exception of a host function, or wasmtime's own."""
    if error:
        ended: Exception = wasmtime.WasmtimeError._from_ptr(ctypes.cast(error, _Error))  # noqa: SLF001 - as above
    else:
        ended = wasmtime.Trap._from_ptr(ctypes.cast(trap or 0, _Trap))  # noqa: SLF001 - as above
    calls.maybe_raise_last_exn()
    raise ended


_Error = ctypes.POINTER(ffi.wasmtime_error_t)
_Trap = ctypes.POINTER(ffi.wasm_trap_t)


@functools.cache
def function_type(signature: str) -> wasmtime.FuncType:
    """A type as wasmtime has it, such as `(i32, i64) -> f64`."""
    parameters, _, results = signature.partition(" -> ")
    kinds = (re.findall(r"[if]\d\d", part) for part in (parameters, results))
    return wasmtime.FuncType(*([getattr(wasmtime.ValType, kind)() for kind in part] for part in kinds))


atexit.register(function_type.cache_clear)  # later, wasmtime-py could not free them any more


@functools.cache
def outward(signature: str) -> Shape | None:
    """How a function of i32s and i64s finds what it is called with; None for a function of anything else."""
    numbers = _OUTWARD.fullmatch(signature)
    if not numbers:
        return None
    kinds = numbers[1].split(", ") if numbers[1] else []
    wide = tuple(at for at, kind in enumerate(kinds) if kind == "i64")
    return _WORDS * len(kinds), wide, bool(numbers[2])


def imported(store: wasmtime.Store, signature: str, host: Callable[..., int | float | None]) -> wasmtime.Func:
    """A host function of a store, as `wasmtime.Func(store, ty, host)` would be.

    Args:
        store: that it lives in.
        signature: its type, such as `(i32, i64) -> f64`.
        host: takes numbers, i32 and i64 as signed ones, and returns one or nothing as its type says.
    """
    ty, shape = function_type(signature), outward(signature)
    if shape is None:
        return wasmtime.Func(store, ty, host)
    raw = ffi.wasmtime_func_t()
    _new(
        store._context(),  # noqa: SLF001 - as above
        ty.ptr(),
        call_host,
        calls.FUNCTIONS.allocate((host, *shape)),
        calls.finalize,
        ctypes.byref(raw),
    )
    return wasmtime.Func._from_raw(raw)  # noqa: SLF001 - as above


Trampoline = ctypes.CFUNCTYPE(
    ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int32), ctypes.c_size_t
)
_new = foreign("wasmtime_func_new_unchecked", None, _P, _P, Trampoline, ctypes.c_size_t, _P, _P)


class _Served(dict[int, "weakref.ref[Mapping[int, Callable[..., int | float | None]]]"]):
    """The host functions of each store by its context, which is the same as long as the store lives."""

    def __missing__(self, _context: int) -> NoReturn:
        raise ValueError(GONE)


SERVED = _Served()  # filled by linking.py
GONE = "the instance that calls a host function has been closed"
# It returns at once: no other thread need have its turn meanwhile.
_context = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(("wasmtime_caller_context", ffi.dll))


@Trampoline
def call_host(handle, caller, words, _count):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - called by C
    """What wasmtime calls: wasmtime-py's own trampoline for numbers."""
    try:
        host, end, wide, gives = calls.FUNCTIONS.get(handle)
        if host.__class__ is int:  # the number of one that is not a store's own
            host = SERVED[_context(caller)]()[host]  # type: ignore[index]  # whatever has gone is not there any more
        given = words[0:end:_WORDS] if end else []  # of no words ctypes would take one
        for at in wide:
            given[at] = words[_WORDS * at + 1] << 32 | given[at] & U32
        answer = host(*given)
        if gives:
            words[0] = answer
    except BaseException as error:  # noqa: BLE001 - whatever it is ends the guest's call, and is raised behind it
        calls.LAST_EXCEPTION = error  # type: ignore[assignment]  # declared as Exception there, and set to any
        return ctypes.cast(wasmtime.Trap("python exception")._consume(), ctypes.c_void_p).value  # noqa: SLF001 - as above
    return 0
