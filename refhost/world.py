"""The world that a component was built for, checked before anything is linked (contract §2, §3).

wasmtime's linker compares neither the types of Python's host functions nor minor versions, so both are done here, for
the plugin API and for WASI.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wasmtime import component as wc

from refhost.capabilities import nearest
from refhost.component_types import signature_of
from refhost.engine import COMPILER, engine
from refhost.errors import BinaryError
from refhost.functions import DELTA_TYPE, WIT
from refhost.problem import Problem
from refhost.wasi.preview2.wit import interfaces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from refhost.component_types import Signature

PACKAGE = "signalk:plugin-api"
VERSION = "1.0.0"
_NAME = re.compile(r"(?P<package>[^/@]+)/(?P<interface>[^@]+)(@(?P<version>.+))?")
_WASI_VERSION = re.compile(r"0\.2\.\d+")

_RESULT = "result<_, string>"
PLUGIN_INTERFACE: Mapping[str, str] = {
    "id": "func() -> string",
    "name": "func() -> string",
    "schema": "func() -> string",
    "start": f"func(config: string) -> {_RESULT}",
    "stop": f"func() -> {_RESULT}",
}
ON_DELTA = f"func(delta: {DELTA_TYPE})"
_UNNAMED = "resource"


@dataclass(frozen=True)
class Interface:
    """One interface that a component imports or exports.

    Attributes:
        name: in full: `signalk:plugin-api/plugin-status@1.0.0`.
        signatures: each function's name with its type.
        resources: the names of its resources.
    """

    name: str
    signatures: Mapping[str, Signature]
    resources: tuple[str, ...] = ()

    @property
    def functions(self) -> Mapping[str, str]:
        """Each function's name with its type as text; WASI's types by their names."""
        known = interfaces().get(self.name.partition("@")[0]) if self.is_wasi else None
        named = known.functions if known else {}
        return {
            name: named[name].short() if named.get(name) == signature else str(signature)
            for name, signature in self.signatures.items()
        }

    @property
    def is_wasi(self) -> bool:
        """Whether it is one of WASI."""
        return self.name.startswith("wasi:")

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
    """A component, compiled and looked through.

    Attributes:
        loose: the names of what it imports outside of any interface.
        types: of its exports, by interface and function, once an instance has told them.
    """

    component: wc.Component
    imports: tuple[Interface, ...]
    exports: tuple[Interface, ...]
    loose: tuple[str, ...]
    types: dict[tuple[str, str], Any] = field(default_factory=dict, compare=False)

    def exported(self, short: str) -> Interface | None:
        """The exported interface of the plugin API with this short name."""
        return next((interface for interface in self.exports if interface.short == short), None)

    def problems(self) -> list[Problem]:
        """Every import and export that does not fit the world, imports first."""
        return list(self._problems)

    @functools.cached_property
    def _problems(self) -> list[Problem]:
        return [*self._import_problems(), *self._export_problems()]

    def _import_problems(self) -> Iterator[Problem]:
        for interface in self.imports:
            if interface.short:
                yield from _version_problem("import", interface)
                yield from _function_problems(interface)
            elif interface.is_wasi:
                yield from _wasi_problems(interface)
        foreign = (i.name for i in self.imports if not i.name.startswith((f"{PACKAGE}/", "wasi:")))
        for name in (*foreign, *self.loose):
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


def _wasi_problems(interface: Interface) -> Iterator[Problem]:
    """Any 0.2 is alike: later ones have more functions, and no other types."""
    name = interface.name.partition("@")[0]
    known = interfaces().get(name)
    if known is None:
        meant = nearest(name, list(interfaces()))
        hint = f"Did you mean {meant}?" if meant else "Contract §5 says what there is of WASI."
        yield Problem("import", interface.name, "the host has no such interface of WASI", hint, "§5")
        return
    if not _WASI_VERSION.fullmatch(interface.version):
        message = f"it is version {interface.version or '(none)'} of the interface; this host has 0.2"
        yield Problem("import", interface.name, message, "Build for WASI 0.2, as wasm32-wasip2 does.", "§5")
        return
    for resource in interface.resources:
        if not known.resource(resource):
            hint = _did_you_mean(resource, [one for one in known.types if known.resource(one)])
            yield Problem("import", f"{interface.name}.{resource}", "WASI 0.2 has no such resource", hint, "§5")
    for function, found in interface.signatures.items():
        label = f"{interface.name}.{function}"
        wanted = known.functions.get(function)
        if wanted is None:
            hint = _did_you_mean(function, list(known.functions))
            yield Problem("import", label, "WASI 0.2 has no such function", hint, "§5")
        elif wanted != found:
            expected, declared = wanted.beside(found)
            message = f"it is declared as {declared}; WASI 0.2's is {expected}"
            yield Problem("import", label, message, "Build against the WIT of WASI 0.2.", "§5")


def _did_you_mean(name: str, known: list[str]) -> str:
    meant = nearest(name, known)
    return f"Did you mean {meant}?" if meant else f"The interface has {', '.join(known) or 'nothing'}."


@COMPILER.remembering
def read_component(binary: bytes) -> ComponentBinary:
    """Compile a component and see whether it is a plugin.

    Raises:
        BinaryError: it does not validate, or was built for another world.
    """
    compiled = COMPILER.component(binary)
    imported, exported = (_Items(side(engine())) for side in (compiled.type.imports, compiled.type.exports))
    naming = _Naming(imported.instances)
    exports = exported.interfaces(naming)
    result = ComponentBinary(compiled, imported.interfaces(naming), exports, imported.loose)
    if result.exported("plugin-interface") is None:
        names = [interface.name for interface in exports] + list(exported.loose)
        raise BinaryError(
            f"The component was built for another world: it exports {', '.join(names) or 'nothing'}, and no "
            f"{PACKAGE}/plugin-interface@{VERSION}.",
            hint='Build it for world "plugin" of signalk-plugin-api.wit (contract §3).',
        )
    return result


class _Items:
    """The imports or exports of a component: members of the instances among them, and the names of everything else."""

    def __init__(self, externs: Mapping[str, Any]) -> None:
        self.instances: dict[str, dict[str, Any]] = {}
        loose = []
        for name, extern in externs.items():
            ty = extern.ty
            if isinstance(ty, wc.ComponentInstanceType):
                self.instances[name] = {member: one.ty for member, one in ty.exports(engine()).items()}
            else:
                loose.append(name)
        self.loose = tuple(loose)

    def interfaces(self, naming: _Naming) -> tuple[Interface, ...]:
        """The instances, their functions with types."""
        return tuple(
            Interface(
                name,
                {n: signature_of(ty, naming.name) for n, ty in members.items() if isinstance(ty, wc.FuncType)},
                tuple(n for n, ty in members.items() if isinstance(ty, wc.ResourceType)),
            )
            for name, members in self.instances.items()
        )


class _Naming:
    """What a component calls the resources that it imports, in WASI's own names where they are WASI's."""

    def __init__(self, instances: Mapping[str, Mapping[str, Any]]) -> None:
        self._names: list[tuple[wc.ResourceType, str]] = []
        for interface, members in instances.items():
            known = interfaces().get(interface.partition("@")[0]) if interface.startswith("wasi:") else None
            for name, ty in members.items():
                if isinstance(ty, wc.ResourceType) and self.name(ty) == _UNNAMED:
                    self._names.append((ty, (known.resource(name) if known else "") or name))

    def name(self, resource: wc.ResourceType) -> str:
        """The name of one."""
        return next((name for ty, name in self._names if ty == resource), _UNNAMED)
