"""Host functions for every instance of a binary: defined once, each serves the instance whose store calls it.

To make them anew for each store takes three times as long as all that wasmtime does for a small instance, and a plugin
imports far more of them than it calls while it is young.
"""

from __future__ import annotations

import atexit
import ctypes
import weakref
from typing import TYPE_CHECKING, NoReturn

import wasmtime
import wasmtime._ffi as ffi
import wasmtime._func as calls

from refhost.dialects.crossing import GONE, SERVED, Trampoline, call_host, function_type, made_in, outward, raise_ended
from refhost.dialects.foreign import foreign
from refhost.engine import engine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Host = Callable[..., int | float | None]


class Hosts(dict[int, "Host"]):
    """The host functions of one instance by the numbers of its imports, each made when it is called first.

    Args:
        make: makes the host function for a number.
    """

    def __init__(self, make: Callable[[int], Host]) -> None:
        super().__init__()
        self._make = make
        self._context = 0

    def serve(self, store: wasmtime.Store) -> None:
        """Be what the functions of `Linked` call from this store on, before anything runs in it.

        Only the instance keeps them, so one that nobody closes can go as any other object does.
        """
        place = ctypes.cast(store._context(), ctypes.c_void_p)  # noqa: SLF001 - as wasmtime-py's own
        context = self._context = place.value or 0  # it is never null
        SERVED[context] = weakref.ref(self, lambda _: SERVED.pop(context, None))

    def close(self) -> None:
        """Serve no more, and let go of all functions: before the store is closed, whose place another may take."""
        SERVED.pop(self._context, None)
        self._make = _gone
        self.clear()

    def __missing__(self, number: int) -> Host:
        host = self[number] = self._make(number)
        return host


def _gone(_number: int) -> NoReturn:
    raise ValueError(GONE)


class Linked:
    """A module with host functions for its imports.

    Args:
        module: the module.
        imports: module, name and type of each import, in order.
        first: the number by which `Hosts` know the first of them; the others are counted from there.

    Raises:
        wasmtime.WasmtimeError: it imports something else.
    """

    def __init__(self, module: wasmtime.Module, imports: Sequence[tuple[str, str, str]], *, first: int = 0) -> None:
        self._module = module
        self._linker = wasmtime.Linker(engine())
        self._linker.allow_shadowing = True  # in its copies
        numbers = {named[:2]: number for number, named in enumerate(imports)}  # what is imported twice is one function
        for number in numbers.values():
            _define(self._linker, first + number, *imports[number])
        self._prepared = self._linker.instantiate_pre(module)
        _LINKED.add(self)

    def instantiated(
        self, store: wasmtime.Store, replaced: Mapping[tuple[str, str], wasmtime.Func] | None = None
    ) -> wasmtime.Instance:
        """An instance in a store that `Hosts` serve.

        Args:
            store: the store.
            replaced: functions of the store that take the places of host functions, by module and name.

        Raises:
            wasmtime.WasmtimeError: the store has no room for it, or a function in place of the host's has another type.
            wasmtime.Trap: it trapped as it began.
            BaseException: whatever a host function raised, as itself.
        """
        context = store._context()  # noqa: SLF001 - as above
        if not replaced:
            return made_in(lambda *places: _instantiate_prepared(self._prepared.ptr(), context, *places))
        # A copy: another instance may be in the making meanwhile, in another thread or by a host function.
        linker = _clone(self._linker.ptr())
        try:
            for (where, name), function in replaced.items():
                _replace(linker, store, where, name, function)
            return made_in(lambda *places: _instantiate(linker, context, self._module.ptr(), *places))
        finally:
            _delete(linker)

    def close(self) -> None:
        """Free everything; instances that are there keep what they need."""
        self._prepared.close()
        self._linker.close()


def linked(module: wasmtime.Module, imports: Sequence[tuple[str, str, str]]) -> Linked | None:
    """The same, or None for a module that imports what cannot be defined once for all.

    That is a function of other numbers than whole ones, anything that is no function, and a name with two types.
    """
    types = {named[:2]: named[2] for named in imports}
    usual = all(outward(signature) and types[where, name] == signature for where, name, signature in imports)
    return Linked(module, imports) if usual else None


_LINKED: weakref.WeakSet[Linked] = weakref.WeakSet()


@atexit.register
def _close() -> None:
    """Free what somebody still holds while Python is whole: for each function wasmtime calls back."""
    for found in list(_LINKED):
        found.close()


def _define(linker: wasmtime.Linker, number: int, where: str, name: str, signature: str) -> None:
    shape = outward(signature)
    if shape is None:
        raise wasmtime.WasmtimeError(f"no host function of the type {signature} can be defined for all stores")
    ty, handle = function_type(signature).ptr(), calls.FUNCTIONS.allocate((number, *shape))
    error = _define_function(linker.ptr(), *_named(where, name), ty, call_host, handle, calls.finalize)
    if error:
        raise_ended(error, None)


def _replace(linker: int, store: wasmtime.Store, where: str, name: str, function: wasmtime.Func) -> None:
    item = ffi.wasmtime_extern_t(kind=ffi.WASMTIME_EXTERN_FUNC)
    item.of.func = function._func  # noqa: SLF001 - as above
    place = ctypes.addressof(item)
    error = _define_item(linker, store._context(), *_named(where, name), place)  # noqa: SLF001 - as above
    if error:
        raise_ended(error, None)


def _named(where: str, name: str) -> tuple[bytes, int, bytes, int]:
    """Two names as C takes them."""
    module, of_it = where.encode("utf-8"), name.encode("utf-8")
    return module, len(module), of_it, len(of_it)


_P, _TEXT = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_size_t)
_define_function = foreign(
    "wasmtime_linker_define_func_unchecked", _P, _P, *_TEXT, *_TEXT, _P, Trampoline, ctypes.c_size_t, _P
)
_define_item = foreign("wasmtime_linker_define", _P, _P, _P, *_TEXT, *_TEXT, _P)
_clone = foreign("wasmtime_linker_clone", _P, _P)
_delete = foreign("wasmtime_linker_delete", None, _P)
_instantiate = foreign("wasmtime_linker_instantiate", *[_P] * 6)
_instantiate_prepared = foreign("wasmtime_instance_pre_instantiate", *[_P] * 5)
