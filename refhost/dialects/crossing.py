"""Calls into a core module and out of it, without what wasmtime-py does anew in every call.

`wasmtime.Func` asks for a function's type in each call and makes several objects for each number: two thirds of the
time of a short call. A host calls a plugin thousands of times a second, and knows the types beforehand.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import re
from typing import TYPE_CHECKING, Any, NoReturn

import wasmtime
import wasmtime._ffi as ffi
import wasmtime._func as calls

if TYPE_CHECKING:
    from collections.abc import Callable

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
    return _Export(function, *numbers) if numbers else function


@functools.cache
def _inward(signature: str) -> tuple[int, int] | None:
    """How many i32s a function takes, and whether it gives one; None for a function of anything else."""
    numbers = _INWARD.fullmatch(signature)
    return (len((numbers[1] or "").split()), 1 if numbers[2] else 0) if numbers else None


class _Export:
    """A function of i32s that returns one or nothing."""

    __slots__ = ("_count", "_function", "_gives", "_reference")

    def __init__(self, function: wasmtime.Func, count: int, gives: int) -> None:
        self._function = function  # owns what the reference refers to
        self._reference = ctypes.byref(function._func)  # noqa: SLF001 - as wasmtime-py's own call does
        self._count = count
        self._gives = gives

    def __call__(self, store: wasmtime.Store, *numbers: int) -> int | None:
        if len(numbers) != self._count:
            self._function(store, *numbers)  # says what is wrong
        raw = _room(self._count)()
        for value, number in zip(raw, numbers, strict=True):
            value.kind = _I32
            value.of.i32 = number
        result = _room(self._gives)()
        trap = _Trap()
        error = ffi.wasmtime_func_call(
            store._context(),  # noqa: SLF001 - as above
            self._reference,
            raw,
            self._count,
            result,
            self._gives,
            ctypes.byref(trap),
        )
        if error or trap:  # type: ignore[truthy-bool]  # a pointer of ctypes is false when it is null
            _raise(error, trap)
        return int(result[0].of.i32) if self._gives else None


_Trap = ctypes.POINTER(ffi.wasm_trap_t)


@functools.cache
def _room(count: int) -> type[ctypes.Array[ffi.wasmtime_val_t]]:
    return ffi.wasmtime_val_t * count


def _raise(error: Any, trap: Any) -> NoReturn:  # noqa: ANN401 - pointers
    """What ended a call: an exception of a host function, or wasmtime's own."""
    ended = wasmtime.WasmtimeError._from_ptr(error) if error else wasmtime.Trap._from_ptr(trap)  # noqa: SLF001 - as above
    calls.maybe_raise_last_exn()
    raise ended


@functools.cache
def _type(signature: str) -> wasmtime.FuncType:
    parameters, _, results = signature.partition(" -> ")
    kinds = (re.findall(r"[if]\d\d", part) for part in (parameters, results))
    return wasmtime.FuncType(*([getattr(wasmtime.ValType, kind)() for kind in part] for part in kinds))


atexit.register(_type.cache_clear)  # later, wasmtime-py could not free them any more


@functools.cache
def _outward(signature: str) -> tuple[tuple[str, ...], bool] | None:
    """The kinds of numbers a function takes, and whether it gives an i32; None for a function of anything else."""
    numbers = _OUTWARD.fullmatch(signature)
    return (tuple(numbers[1].split(", ")) if numbers[1] else (), bool(numbers[2])) if numbers else None


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
    handle = calls.FUNCTIONS.allocate((host, *numbers))
    raw = ffi.wasmtime_func_t()
    ffi.wasmtime_func_new(store._context(), ty.ptr(), _call_host, handle, calls.finalize, ctypes.byref(raw))  # noqa: SLF001 - as above
    return wasmtime.Func._from_raw(raw)  # noqa: SLF001 - as above


@ffi.wasmtime_func_callback_t
def _call_host(handle, _caller, parameters, _count, results, _gives):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - called by C
    """What wasmtime calls: wasmtime-py's own trampoline for numbers."""
    try:
        host, fields, gives = calls.FUNCTIONS.get(handle or 0)
        answer = host(*[getattr(parameters[at].of, field) for at, field in enumerate(fields)])
        if gives:
            results[0].kind = _I32
            results[0].of.i32 = answer
    except BaseException as error:  # noqa: BLE001 - whatever it is ends the guest's call, and is raised behind it
        calls.LAST_EXCEPTION = error  # type: ignore[assignment]  # declared as Exception there, and set to any
        return ctypes.cast(wasmtime.Trap("python exception")._consume(), ctypes.c_void_p).value  # noqa: SLF001 - as above
    return 0
