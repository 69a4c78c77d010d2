"""The world that a component was built for, checked before anything is linked (contract §2, §3).

wasmtime's linker compares neither the types of Python's host functions nor minor versions, so both are done here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wasmtime import component as wc

from refhost.binary import Problem
from refhost.capabilities import nearest
from refhost.engine import COMPILER, engine
from refhost.errors import BinaryError
from refhost.functions import DELTA_TYPE, WIT
from refhost.wasi.preview2 import unknown_imports

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PACKAGE = "signalk:plugin-api"
VERSION = "1.0.0"
_NAME = re.compile(r"(?P<package>[^/@]+)/(?P<interface>[^@]+)(@(?P<version>.+))?")

_RESULT = "result<_, string>"
PLUGIN_INTERFACE: Mapping[str, str] = {
    "id": "func() -> string",
    "name": "func() -> string",
    "schema": "func() -> string",
    "start": f"func(config: string) -> {_RESULT}",
    "stop": f"func() -> {_RESULT}",
}
ON_DELTA = f"func(delta: {DELTA_TYPE})"


@dataclass(frozen=True)
class Interface:
    """One interface that a component imports or exports.

    Attributes:
        name: in full: `signalk:plugin-api/plugin-status@1.0.0`.
        functions: each function's name with its type as text.
    """

    name: str
    functions: Mapping[str, str]

    @property
    def short(self) -> str:
        """Its name within the plugin API's package; "" for an interface of another package."""
        match = _NAME.fullmatch(self.name)
        return match["interface"] if match and match["package"] == PACKAGE else ""

    @property
    def version(self) -> str:
        """Its version, or ""."""
        match = _NAME.fullmatch(self.name)
        return (match["version"] or "") if match else ""


@dataclass(frozen=True)
class ComponentBinary:
    """A component, compiled and looked through."""

    component: wc.Component
    imports: tuple[Interface, ...]
    exports: tuple[Interface, ...]
    loose: tuple[str, ...]

    def exported(self, short: str) -> Interface | None:
        """The exported interface of the plugin API with this short name."""
        return next((interface for interface in self.exports if interface.short == short), None)

    def problems(self) -> list[Problem]:
        """Every import and export that does not fit the world, imports first."""
        return [*self._import_problems(), *self._export_problems()]

    def _import_problems(self) -> Iterator[Problem]:
        for interface in self.imports:
            if interface.short:
                yield from _version_problem("import", interface)
                yield from _function_problems(interface)
        foreign = (i.name for i in self.imports if not i.name.startswith((f"{PACKAGE}/", "wasi:")))
        for name in (*unknown_imports(self.component.type, engine()), *foreign, *self.loose):
            yield Problem("import", name, "the host does not have it", "Contract §3 and §5 list all there is.", "§5")

    def _export_problems(self) -> Iterator[Problem]:
        wanted = {"plugin-interface": PLUGIN_INTERFACE, "delta-handler": {"on-delta": ON_DELTA}}
        for interface in self.exports:
            expected = wanted.get(interface.short)
            if expected is None:
                continue
            yield from _version_problem("export", interface)
            for name, signature in expected.items():
                found = interface.functions.get(name)
                if found != signature:
                    there = f"its type is {found}" if found else "it is missing"
                    label = f"{interface.short}.{name}"
                    message = f"{there}; the world has {signature}"
                    yield Problem("export", label, message, "Build against signalk-plugin-api.wit.", "§3")


def _version_problem(kind: str, interface: Interface) -> Iterator[Problem]:
    """Patch releases are alike; another minor or major version is another API."""
    if interface.version.split(".")[:2] != VERSION.split(".")[:2]:
        yield Problem(
            kind,
            interface.name,
            f"it is version {interface.version or '(none)'} of the interface; this host has {VERSION}",
            f"Build against version {VERSION} of {PACKAGE}.",
            "§3",
        )


def _function_problems(interface: Interface) -> Iterator[Problem]:
    for name, found in interface.functions.items():
        label = f"{interface.short}.{name}"
        function = WIT.get(label)
        if function is None:
            meant = nearest(name, [known.partition(".")[2] for known in WIT if known.startswith(f"{interface.short}.")])
            hint = f"Did you mean {interface.short}.{meant}?" if meant else "Contract §3 lists every function."
            yield Problem("import", label, "the world has no such function", hint, "§3")
        elif found != function.wit_type:
            message = f"it is declared as {found}; the world's is {function.wit_type}"
            yield Problem("import", label, message, "Build against signalk-plugin-api.wit.", "§3")


def read_component(binary: bytes) -> ComponentBinary:
    """Compile a component and see whether it is a plugin.

    Raises:
        BinaryError: it does not validate, or was built for another world.
    """
    compiled = COMPILER.component(binary)
    ty = compiled.type
    imports, loose = _interfaces(ty.imports(engine()))
    exports, other = _interfaces(ty.exports(engine()))
    result = ComponentBinary(compiled, imports, exports, loose)
    if result.exported("plugin-interface") is None:
        names = [interface.name for interface in exports] + list(other)
        raise BinaryError(
            f"The component was built for another world: it exports {', '.join(names) or 'nothing'}, and no "
            f"{PACKAGE}/plugin-interface@{VERSION}.",
            hint='Build it for world "plugin" of signalk-plugin-api.wit (contract §3).',
        )
    return result


def _interfaces(externs: Mapping[str, Any]) -> tuple[tuple[Interface, ...], tuple[str, ...]]:
    """The instances among the imports or exports of a component, and the names of everything else."""
    interfaces, loose = [], []
    for name, extern in externs.items():
        if not isinstance(extern.ty, wc.ComponentInstanceType):
            loose.append(name)
            continue
        members = extern.ty.exports(engine())
        functions = {n: function_text(m.ty) for n, m in members.items() if isinstance(m.ty, wc.FuncType)}
        interfaces.append(Interface(name, functions))
    return tuple(interfaces), tuple(loose)


def function_text(ty: wc.FuncType) -> str:
    """A component function's type as WIT writes it, records spelled out."""
    parameters = ", ".join(f"{name}: {type_text(value)}" for name, value in ty.params)
    return f"func({parameters})" + (f" -> {type_text(ty.result)}" if ty.result else "")


def type_text(ty: Any) -> str:  # noqa: ANN401 - wasmtime's value types have no common public base
    """A value type as WIT writes it."""
    if isinstance(ty, wc.ListType):
        return f"list<{type_text(ty.element)}>"
    if isinstance(ty, wc.OptionType):
        return f"option<{type_text(ty.payload)}>"
    if isinstance(ty, wc.ResultType):
        ok, err = (type_text(side) if side else "_" for side in (ty.ok, ty.err))
        return f"result<{ok}, {err}>"
    if isinstance(ty, wc.RecordType):
        return "record { " + ", ".join(f"{name}: {type_text(field)}" for name, field in ty.fields) + " }"
    if isinstance(ty, wc.TupleType):
        return f"tuple<{', '.join(type_text(element) for element in ty.elements)}>"
    return type(ty).__name__.removesuffix("Type").lower()
