"""Functions of wasmtime's C API that wasmtime-py does not have, or makes objects for in each call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import wasmtime._ffi as ffi

if TYPE_CHECKING:
    import ctypes

    Result = type[ctypes.c_void_p | ctypes.c_size_t | ctypes.c_bool] | None


def foreign(name: str, result: Result, *arguments: type) -> ctypes._FuncPointer:
    """One of them, for whoever asks alone: what it takes and gives is no other's.

    Args:
        name: in the library.
        result: what it gives; None for nothing.
        arguments: what it takes.
    """
    function = ffi.dll[name]
    function.restype, function.argtypes = result, arguments
    return function
