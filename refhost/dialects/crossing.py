"""Calls into a core module and out of it, without what wasmtime-py does anew in every call.

`wasmtime.Func` asks for a function's type in each call and makes several objects for each number: two thirds of the
time of a short call. A host calls a plugin thousands of times a second, and knows the types beforehand.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import re
from typing import TYPE_CHECKING, NoReturn

import wasmtime
import wasmtime._ffi as ffi
import wasmtime._func as calls

from refhost.dialects.memory import U32
from refhost.signatures import callable_from_python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_INWARD = re.compile(r"\((i32(?:, i32)*)?\)( -> i32)?")
_OUTWARD = re.compile(r"\(((?:i32|i64)(?:, (?:i32|i64))*)?\)( -> i32)?")
_I32 = ffi.WASMTIME_I32.value


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
    made, trap = ffi.wasmtime_instance_t(), ctypes.c_void_p()
    places = ctypes.addressof(made), ctypes.addressof(trap)
    error = _instantiate(store._context(), module.ptr(), given, len(given), *places)  # noqa: SLF001 - as above
    if error or trap.value:
        _raise(error, trap.value)
    return wasmtime.Instance._from_raw(made)  # noqa: SLF001 - as above


_instantiate = ffi.dll["wasmtime_instance_new"]
_instantiate.restype = ctypes.c_void_p
_instantiate.argtypes = [*[ctypes.c_void_p] * 3, ctypes.c_size_t, *[ctypes.c_void_p] * 2]


def exports_of(
    store: wasmtime.Store, instance: wasmtime.Instance, names: Iterable[str]
) -> Iterator[tuple[str, wasmtime.Func | wasmtime.Memory]]:
    """The functions and memories that an instance exports, by name.

    Args:
        store: of the instance.
        instance: of a module.
        names: of all that the module exports, in its order.
    """
    unread, item = (ctypes.c_void_p(), ctypes.c_size_t()), ffi.wasmtime_extern_t()
    which, *places = map(ctypes.addressof, (instance._instance, *unread, item))  # noqa: SLF001 - as wasmtime-py's own
    for number, name in enumerate(names):
        _export(store._context(), which, number, *places)  # noqa: SLF001 - as above
        kind: object = item.kind  # a number, though declared as one of ctypes
        if kind == _FUNC:
            yield name, wasmtime.Func._from_raw(ffi.wasmtime_func_t.from_buffer_copy(item.of.func))  # noqa: SLF001 - as above
        elif kind == _MEMORY:
            yield name, wasmtime.Memory._from_raw(ffi.wasmtime_memory_t.from_buffer_copy(item.of.memory))  # noqa: SLF001 - as above


_FUNC, _MEMORY = ffi.WASMTIME_EXTERN_FUNC.value, ffi.WASMTIME_EXTERN_MEMORY.value
_export = ffi.dll["wasmtime_instance_export_nth"]
_export.restype = ctypes.c_bool
_export.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_void_p] * 3]


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
            _raise(error, trap)
        return room[0] if self._gives else None


# A number of any type takes 16 bytes, of which an i32 is the first four.
_WORDS = 4
_call = ffi.dll["wasmtime_func_call_unchecked"]
_call.restype = ctypes.c_void_p
_call.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]


@functools.cache
def _room(count: int) -> type[ctypes.Array[ctypes.c_int32]]:
    return ctypes.c_int32 * (_WORDS * count)


def _raise(error: int | None, trap: int | None) -> NoReturn:
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
def _type(signature: str) -> wasmtime.FuncType:
    parameters, _, results = signature.partition(" -> ")
    kinds = (re.findall(r"[if]\d\d", part) for part in (parameters, results))
    return wasmtime.FuncType(*([getattr(wasmtime.ValType, kind)() for kind in part] for part in kinds))


atexit.register(_type.cache_clear)  # later, wasmtime-py could not free them any more


@functools.cache
def _outward(signature: str) -> tuple[int, tuple[int, ...], bool] | None:
    """How a function of i32s and i64s finds what it is called with; None for a function of anything else.

    Returns:
        Where the words of its numbers end, where those of its i64s begin, and whether it gives an i32.
    """
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
    ty, numbers = _type(signature), _outward(signature)
    if numbers is None:
        return wasmtime.Func(store, ty, host)
    raw = ffi.wasmtime_func_t()
    _new(
        store._context(),  # noqa: SLF001 - as above
        ty.ptr(),
        _call_host,
        calls.FUNCTIONS.allocate((host, *numbers)),
        calls.finalize,
        ctypes.byref(raw),
    )
    return wasmtime.Func._from_raw(raw)  # noqa: SLF001 - as above


_Host = ctypes.CFUNCTYPE(
    ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int32), ctypes.c_size_t
)
_new = ffi.dll["wasmtime_func_new_unchecked"]
_new.restype = None
_new.argtypes = [ctypes.c_void_p, ctypes.c_void_p, _Host, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]


@_Host
def _call_host(handle, _caller, words, _count):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - called by C
    """What wasmtime calls: wasmtime-py's own trampoline for numbers."""
    try:
        host, end, wide, gives = calls.FUNCTIONS.get(handle)
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
