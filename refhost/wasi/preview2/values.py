"""Between WIT values as wasmtime-py has them and as the functions here like them.

Here a resource is the object behind it, a `variant` is always a `Variant`, and the error of a `result` is a
`Failure` that is raised, or a `Variant` where the result is inside of another type. wasmtime-py leaves the tag of a
variant out where it believes that Python's types tell the cases apart, and takes and gives resources as handles, each
to be consumed exactly once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from wasmtime import component as wc

from refhost.wasi.preview2.registry import Failure

if TYPE_CHECKING:
    from refhost.wasi.preview2.resources import Table

Lift = Callable[[Any, Any], Any]
Lower = Callable[[Any], Any]

_INTEGERS = (wc.U8, wc.U16, wc.U32, wc.U64, wc.S8, wc.S16, wc.S32, wc.S64)
_LEAVES: dict[type, type] = {
    **dict.fromkeys(_INTEGERS, int),
    wc.Bool: bool,
    wc.String: str,
    wc.EnumType: str,
    wc.FlagsType: set,
}


def record(**fields: object) -> wc.Record:
    """A WIT record; an underscore in a name stands for a hyphen."""
    value = wc.Record()
    for name, field in fields.items():
        setattr(value, name.strip("_").replace("_", "-"), field)
    return value


def lift(ty: wc.ValType, table: Table) -> Lift:
    """How to turn an argument of that type from wasmtime-py's form into ours."""
    if isinstance(ty, wc.BorrowType):
        return lambda store, handle: table.get(handle.to_host(store).rep)
    if isinstance(ty, wc.OwnType):
        return lambda store, handle: table.take(handle.to_host(store).rep)
    if isinstance(ty, wc.OptionType):
        return _lift_option(ty, table)
    if isinstance(ty, wc.ListType) and not isinstance(ty.element, wc.U8):
        inner = lift(ty.element, table)
        return lambda store, values: [inner(store, value) for value in values]
    untagged = isinstance(ty, wc.VariantType | wc.ResultType) and not ty._tagged()  # noqa: SLF001 - as below
    if untagged:
        raise TypeError("no argument of WASI 0.2 has such a type")
    return lambda _store, value: value


def _lift_option(ty: wc.OptionType, table: Table) -> Lift:
    inner = lift(ty.payload, table)
    if ty._tagged():  # noqa: SLF001 - there is no public way to ask
        return lambda store, value: None if value.tag == "none" else inner(store, value.payload)
    return lambda store, value: None if value is None else inner(store, value)


def lower(ty: wc.ValType | None, table: Table) -> Lower:
    """How to turn a value of that type from our form into wasmtime-py's; another type of value is refused."""
    if ty is None:
        return _nothing
    leaf = _LEAVES.get(type(ty))
    if leaf is not None:
        return _checked(leaf)
    if isinstance(ty, wc.OwnType):
        return table.own
    if isinstance(ty, wc.ListType):
        return _lower_list(ty, table)
    if isinstance(ty, wc.TupleType):
        parts = [lower(element, table) for element in ty.elements]
        return lambda values: tuple(part(value) for part, value in zip(parts, values, strict=True))
    if isinstance(ty, wc.RecordType):
        fields = [(name, lower(field, table)) for name, field in ty.fields]
        return lambda value: _lower_record(fields, value)
    if isinstance(ty, wc.OptionType):
        return _lower_option(ty, table)
    if isinstance(ty, wc.VariantType):
        return _lower_variant(ty.cases, ty._tagged(), table)  # noqa: SLF001 - there is no public way to ask
    if isinstance(ty, wc.ResultType):
        cases = [("ok", ty.ok), ("err", ty.err)]
        return _lower_variant(cases, ty._tagged(), table)  # noqa: SLF001 - the same
    raise TypeError(f"no result of WASI 0.2 holds a {type(ty).__name__}")


def result(ty: wc.ValType | None, table: Table) -> Callable[[Callable[[], Any]], Any]:
    """How to run a function whose result is of that type, and hand over what it returns or raises."""
    if not isinstance(ty, wc.ResultType):
        whole = lower(ty, table)
        return lambda run: whole(run())
    tagged = ty._tagged()  # noqa: SLF001 - there is no public way to ask
    ok, err = lower(ty.ok, table), lower(ty.err, table)

    def finish(run: Callable[[], Any]) -> Any:  # noqa: ANN401 - as the function has it
        try:
            tag, value = "ok", ok(run())
        except Failure as failure:
            tag, value = "err", err(failure.value)
        return wc.Variant(tag, value) if tagged else value

    return finish


def _nothing(value: object) -> None:
    if value is not None:
        raise TypeError("a value where the type has none")


def _checked(wanted: type) -> Lower:
    def check(value: Any) -> Any:  # noqa: ANN401 - of the type that is wanted
        if not isinstance(value, wanted):
            raise TypeError(f"{type(value).__name__} where the type has {wanted.__name__}")
        return value

    return check


def _lower_list(ty: wc.ListType, table: Table) -> Lower:
    if isinstance(ty.element, wc.U8):
        return _checked(bytes)
    inner = lower(ty.element, table)
    return lambda values: [inner(value) for value in values]


def _lower_record(fields: list[tuple[str, Lower]], value: object) -> wc.Record:
    lowered = wc.Record()
    for name, field in fields:
        setattr(lowered, name, field(getattr(value, name)))
    return lowered


def _lower_option(ty: wc.OptionType, table: Table) -> Lower:
    inner = lower(ty.payload, table)
    if ty._tagged():  # noqa: SLF001 - there is no public way to ask
        return lambda value: wc.Variant("none") if value is None else wc.Variant("some", inner(value))
    return lambda value: None if value is None else inner(value)


def _lower_variant(types: list[tuple[str, wc.ValType | None]], tagged: bool, table: Table) -> Lower:  # noqa: FBT001 - said by wasmtime-py
    cases = {name: lower(payload, table) for name, payload in types}

    def choose(value: wc.Variant) -> Any:  # noqa: ANN401 - as the case has it
        payload = cases[value.tag](value.payload)
        return wc.Variant(value.tag, payload) if tagged else payload

    return choose
