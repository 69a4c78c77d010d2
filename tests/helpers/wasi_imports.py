"""WebAssembly text that imports functions of WASI 0.2, with the types of `refhost/wit/wasi` or with others."""

from __future__ import annotations

from dataclasses import dataclass

from refhost.component_types import Signature, Type
from refhost.wasi.preview2.wit import interfaces, resources

NAMED = ("record", "variant", "enum", "flags")
CORE = {"u64": "i64", "s64": "i64", "f32": "f32", "f64": "f64"}


def home(resource: str) -> str:
    """The interface that defines a resource."""
    return next(n for n, one in interfaces().items() if one.types.get(resource) == Type("resource", resource=resource))


def core_name(function: str) -> str:
    """`outgoing-body.finish` for `[static]outgoing-body.finish`, `fields.new` for `[constructor]fields`."""
    kind, _, rest = function.rpartition("]")
    return f"{rest}.new" if kind == "[constructor" else rest


def flat(ty: Type | None) -> list[str]:
    """The core types of a value, by the canonical ABI."""
    if ty is None:
        return []
    if ty.kind in ("string", "list"):
        return ["i32", "i32"]
    if ty.kind in ("record", "tuple"):
        return [core for one in ([m for _, m in ty.members] or ty.of) for core in flat(one)]
    if ty.kind in ("variant", "option", "result"):
        cases = [flat(one) for one in ([m for _, m in ty.members] or ty.of)]
        width = max(map(len, cases))
        return ["i32", *(_joined({case[at] for case in cases if at < len(case)}) for at in range(width))]
    return [CORE.get(ty.kind, "i32")]


def _joined(cores: set[str]) -> str:
    if len(cores) == 1:
        return cores.pop()
    return "i32" if cores == {"i32", "f32"} else "i64"


def core_type(signature: Signature) -> str:
    """Core parameters and results of a lowered function."""
    parameters = [core for _, ty in signature.parameters for core in flat(ty)]
    results = flat(signature.result)
    if len(parameters) > 16:
        parameters = ["i32"]
    if len(results) > 1:
        parameters, results = [*parameters, "i32"], []
    return f"(param {' '.join(parameters)}) (result {' '.join(results)})"


@dataclass
class Imports:
    """The pieces of a component.

    Attributes:
        declared: the imports, and the resources under their names as types.
        lowered: core functions for them and for dropping each resource.
        needed: the core imports, from the module "".
        given: the core exports, for that.
    """

    declared: str
    lowered: str
    needed: str
    given: str


def imports(
    functions: dict[str, list[str]], *, version: str = "0.2.6", changes: dict[str, Signature] | None = None
) -> Imports:
    """What imports these functions.

    Args:
        functions: names by interface.
        changes: other types for some of them.
    """
    chosen = {
        interface: {name: (changes or {}).get(name) or interfaces()[interface].functions[name] for name in names}
        for interface, names in functions.items()
    }
    used = {r for one in chosen.values() for signature in one.values() for r in _resources(signature)}
    homes = {resource: home(resource) for resource in resources() if resource in used}
    declared, lowered, needed, given = [], [], [], []
    for number, interface in enumerate(name for name in interfaces() if name in chosen or name in homes.values()):
        own = [resource for resource, place in homes.items() if place == interface]
        members = _Members(interface, own)
        for name, signature in chosen.get(interface, {}).items():
            members.function(name, signature)
            core = core_name(name)
            lowered.append(
                f'(core func ${core} (canon lower (func $wasi-{number} "{name}") (memory $memory) (realloc $realloc)))'
            )
            needed.append(f'(import "" "{core}" (func ${core} {core_type(signature)}))')
            given.append(f'(export "{core}" (func ${core}))')
        body = "\n    ".join(members.lines)
        declared.append(f'(import "{interface}@{version}" (instance $wasi-{number}\n    {body}))')
        for resource in own:
            declared.append(f'(alias export $wasi-{number} "{resource}" (type ${resource}))')
            lowered.append(f"(core func $drop.{resource} (canon resource.drop ${resource}))")
            needed.append(f'(import "" "drop.{resource}" (func $drop.{resource} (param i32)))')
            given.append(f'(export "drop.{resource}" (func $drop.{resource}))')
    return Imports(*("\n  ".join(lines) for lines in (declared, lowered, needed, given)))


def _resources(signature: Signature) -> set[str]:
    pending = [ty for _, ty in signature.parameters] + [signature.result]
    found = set()
    while pending:
        ty = pending.pop()
        if ty is not None:
            found |= {ty.resource} - {""}
            pending += [*ty.of, *(m for _, m in ty.members)]
    return found


class _Members:
    """The inside of an instance type."""

    def __init__(self, interface: str, own: list[str]) -> None:
        self.lines = [f'(export "{resource}" (type $own-{resource} (sub resource)))' for resource in own]
        self._interface = interface
        self._own = set(own)
        self._types: dict[Type, str] = {}

    def function(self, name: str, signature: Signature) -> None:
        parameters = " ".join(f'(param "{n}" {self._text(ty)})' for n, ty in signature.parameters)
        result = f"(result {self._text(signature.result)})" if signature.result else ""
        self.lines.append(f'(export "{name}" (func {parameters} {result}))')

    def _resource(self, resource: str) -> str:
        if resource not in self._own:
            self._own.add(resource)
            types = interfaces()[self._interface].types
            name = next((name for name, ty in types.items() if ty.resource == resource), resource)
            self.lines += [
                f"(alias outer 1 ${resource} (type $outer-{resource}))",
                f'(export "{name}" (type $own-{resource} (eq $outer-{resource})))',
            ]
        return f"$own-{resource}"

    def _text(self, ty: Type | None) -> str:
        if ty is None:
            return ""
        if ty.kind in ("own", "borrow"):
            return f"({ty.kind} {self._resource(ty.resource)})"
        if ty.kind == "result":
            error = f"(error {self._text(ty.of[1])})" if ty.of[1] else ""
            return f"(result {self._text(ty.of[0])} {error})"
        if ty.kind in NAMED:
            return self._named(ty)
        return f"({ty.kind} {' '.join(map(self._text, ty.of))})" if ty.of else ty.kind

    def _named(self, ty: Type) -> str:
        if ty not in self._types:
            parts = {
                "record": lambda name, inside: f'(field "{name}" {inside})',
                "variant": lambda name, inside: f'(case "{name}" {inside})',
            }.get(ty.kind, lambda name, _: f'"{name}"')
            members = " ".join([parts(name, self._text(inside)) for name, inside in ty.members])
            name = ty.name or f"unnamed-{len(self._types)}"
            self._types[ty] = f"$named-{name}"
            self.lines += [
                f"(type $inside-{name} ({ty.kind} {members}))",
                f'(export "{name}" (type $named-{name} (eq $inside-{name})))',
            ]
        return self._types[ty]
