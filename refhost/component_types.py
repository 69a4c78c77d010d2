"""Types of functions of components: read from a binary, written as WIT writes them, and compared (contract §3, §5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wasmtime import component as wc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    ResourceName = Callable[[wc.ResourceType], str]

_MEMBERS = ("record", "variant", "enum", "flags")
_ELIDED = "…"


@dataclass(frozen=True)
class Type:
    """One type. Two are equal when the canonical ABI makes no difference between them.

    Attributes:
        kind: `u32`, `list`, `record`, `own` and so on, by WIT's own word.
        of: the types inside; None stands for nothing, as in `result<_, string>`.
        members: fields of a record, cases of a variant or enum, names of flags; None where there is no payload.
        resource: what an `own`, `borrow` or `resource` is of.
        name: that WIT gives it; a binary has none, so it does not count.
    """

    kind: str
    of: tuple[Type | None, ...] = ()
    members: tuple[tuple[str, Type | None], ...] = ()
    resource: str = ""
    name: str = field(default="", compare=False)

    def __str__(self) -> str:
        if self.kind in _MEMBERS:
            return _block(self.kind, "", [_member(self.kind, name, _text(ty)) for name, ty in self.members])
        return self.with_inside(_text(ty) for ty in self.of)

    def with_inside(self, texts: Iterable[str]) -> str:
        """Its text, with these in the place of the types inside."""
        if self.kind in ("own", "resource"):
            return self.resource
        if self.kind == "borrow":
            return f"borrow<{self.resource}>"
        return f"{self.kind}<{', '.join(texts)}>" if self.of else self.kind

    def short(self) -> str:
        """Its text, with types that WIT has named by their names only."""
        if self.name:
            return self.name
        return self.with_inside(ty.short() if ty else "_" for ty in self.of) if self.kind not in _MEMBERS else str(self)


@dataclass(frozen=True)
class Signature:
    """The type of a function: names and types of its parameters, and its result."""

    parameters: tuple[tuple[str, Type], ...]
    result: Type | None

    def __str__(self) -> str:
        return self._with([str(ty) for _, ty in self.parameters], str(self.result) if self.result else "")

    def short(self) -> str:
        """Its text, with types that WIT has named by their names only."""
        return self.beside(self)[0]

    def _with(self, texts: Iterable[str], result: str) -> str:
        names = (name for name, _ in self.parameters)
        parameters = ", ".join(f"{name}: {text}" for name, text in zip(names, texts, strict=True))
        return f"func({parameters})" + (f" -> {result}" if result else "")

    def beside(self, other: Signature) -> tuple[str, str]:
        """This and another as texts that spell out where they differ: equal types have their names, equal members `…`.

        Args:
            other: as a binary has it.
        """
        if len(self.parameters) == len(other.parameters):
            rows = [_beside(a, b) for (_, a), (_, b) in zip(self.parameters, other.parameters, strict=True)]
        else:
            rows = []
        result = _beside(self.result, other.result)
        ends = [text if ty else "" for ty, text in zip((self.result, other.result), result, strict=True)]
        mine = [row[0] for row in rows] or [ty.short() for _, ty in self.parameters]
        theirs = [row[1] for row in rows] or [str(ty) for _, ty in other.parameters]
        return self._with(mine, ends[0]), other._with(theirs, ends[1])


def _text(ty: Type | None) -> str:
    return str(ty) if ty else "_"


def _member(kind: str, name: str, payload: str) -> str:
    if kind == "record":
        return f"{name}: {payload}"
    return name if payload == "_" else f"{name}({payload})"


def _block(kind: str, name: str, members: list[str]) -> str:
    return " ".join([*filter(None, (kind, name)), "{", *([", ".join(members)] if members else []), "}"])


def _beside(mine: Type | None, other: Type | None) -> tuple[str, str]:
    if mine is None or other is None or mine == other:
        text = mine.short() if mine else "_"
        return text, text if mine == other else _text(other)
    if mine.kind != other.kind or len(mine.of) != len(other.of):
        return mine.short(), str(other)
    if mine.kind in _MEMBERS:
        return _members_beside(mine, other)
    inside = [_beside(a, b) for a, b in zip(mine.of, other.of, strict=True)]
    return mine.with_inside(row[0] for row in inside), other.with_inside(row[1] for row in inside)


def _members_beside(mine: Type, other: Type) -> tuple[str, str]:
    common = set(mine.members) & set(other.members)
    if len(common) == len(mine.members) == len(other.members):  # only their order differs
        common = set()
    mine_by_name, other_by_name = dict(mine.members), dict(other.members)

    def shown(ty: Type, side: int) -> str:
        parts: list[str] = []
        for member in ty.members:
            name, payload = member
            if member not in common:
                both = name in mine_by_name and name in other_by_name
                pair = _beside(mine_by_name[name], other_by_name[name]) if both else (_text(payload),) * 2
                parts.append(_member(ty.kind, name, pair[side]))
            elif parts[-1:] != [_ELIDED]:
                parts.append(_ELIDED)
        return _block(ty.kind, ty.name, parts)

    return shown(mine, 0), shown(other, 1)


def signature_of(ty: wc.FuncType, resource_name: ResourceName) -> Signature:
    """The type of a function of a component.

    Args:
        ty: as wasmtime has it.
        resource_name: names the resources.
    """
    parameters = tuple((name, type_of(value, resource_name)) for name, value in ty.params)
    return Signature(parameters, _optional(ty.result, resource_name))


def type_of(ty: Any, resource_name: ResourceName) -> Type:  # noqa: ANN401 - wasmtime's value types have no common public base
    """A type of a component; see `signature_of`."""
    kind = type(ty).__name__.removesuffix("Type").lower()
    if isinstance(ty, wc.OwnType | wc.BorrowType):
        return Type(kind, resource=resource_name(ty.ty))
    if isinstance(ty, wc.ListType):
        return Type(kind, (type_of(ty.element, resource_name),))
    if isinstance(ty, wc.OptionType):
        return Type(kind, (type_of(ty.payload, resource_name),))
    if isinstance(ty, wc.ResultType):
        return Type(kind, (_optional(ty.ok, resource_name), _optional(ty.err, resource_name)))
    if isinstance(ty, wc.TupleType):
        return Type(kind, tuple(type_of(element, resource_name) for element in ty.elements))
    if isinstance(ty, wc.RecordType):
        return Type(kind, members=tuple((name, type_of(value, resource_name)) for name, value in ty.fields))
    if isinstance(ty, wc.VariantType):
        return Type(kind, members=tuple((name, _optional(value, resource_name)) for name, value in ty.cases))
    if isinstance(ty, wc.EnumType | wc.FlagsType):
        return Type(kind, members=tuple((name, None) for name in ty.names))
    return Type(kind)


def _optional(ty: Any, resource_name: ResourceName) -> Type | None:  # noqa: ANN401 - as above
    return None if ty is None else type_of(ty, resource_name)
