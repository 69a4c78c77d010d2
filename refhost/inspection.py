"""What is in a plugin, for a person and for a program: `refhost inspect`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refhost.binary import CoreBinary
from refhost.exports import contract_exports
from refhost.functions import ENV, WIT
from refhost.printing import printable
from refhost.runtime import read_binary

if TYPE_CHECKING:
    from refhost.package import PluginPackage
    from refhost.problem import Problem
    from refhost.world import ComponentBinary

# What the only published server's own code does, as it was seen in version 2.32: it links no component, `sk_get_path`
# is not among its functions, and it binds every other name of the contract.
_SERVER = "signalk-server 2.32"
_NOT_ON_SERVER = frozenset({"sk_get_path", "console.log"})
# A record of records of WASI takes some hundred characters.
_LONGEST_LINE = 4000


@dataclass(frozen=True)
class Entry:
    """An import or an export: its name, its type, and where the contract has it ("" where it does not)."""

    name: str
    signature: str
    section: str


@dataclass(frozen=True)
class Inspection:
    """All that is known of a plugin before anything of it runs.

    Attributes:
        implied: each capability that its imports need, with those imports.
        hosts: each known host, with "" when it can link the plugin, else why not.
    """

    package: PluginPackage
    dialect: str
    imports: tuple[Entry, ...]
    exports: tuple[Entry, ...]
    implied: dict[str, list[str]]
    problems: tuple[Problem, ...]
    hosts: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """For a program."""
        return {
            "id": self.package.id,
            "name": self.package.name,
            "version": self.package.version,
            "dialect": self.dialect,
            "bytes": len(self.package.binary),
            "imports": [vars(entry) for entry in self.imports],
            "exports": [vars(entry) for entry in self.exports],
            "capabilities": {
                "granted": dict(self.package.grants.values),
                "implied": self.implied,
                "undeclared": self._undeclared(),
            },
            "problems": [vars(problem) for problem in self.problems],
            "hosts": {host: {"links": not why, "reason": why} for host, why in self.hosts.items()},
        }

    def _undeclared(self) -> list[str]:
        return [name for name in self.implied if not self.package.grants.has(name)]

    def to_text(self) -> str:
        """For a person."""
        package = self.package
        lines = [
            f"{package.origin}: {package.name} {package.version}".rstrip(),
            f"  id          {package.id or '(what its own id export says)'}",
            f"  dialect     {self.dialect}, {len(package.binary)} bytes",
            *_table("imports", self.imports),
            *_table("exports", self.exports),
            *self._capability_lines(),
        ]
        lines += [f"  problem     {p.kind} {p.name}: {p.message}. {p.hint}" for p in self.problems]
        lines += [f"  {host}: {'cannot link it: ' + why if why else 'links it'}" for host, why in self.hosts.items()]
        return "\n".join(printable(line, limit=_LONGEST_LINE, lines=False) for line in lines)

    def _capability_lines(self) -> list[str]:
        granted = [name for name in self.package.grants.values if self.package.grants.has(name)]
        lines = [f"  granted     {', '.join(granted) or 'nothing'}"]
        for name, functions in self.implied.items():
            missing = "" if self.package.grants.has(name) else "  NOT GRANTED"
            lines.append(f"  needs       {name} for {', '.join(functions)}{missing}")
        return lines


def _table(label: str, entries: tuple[Entry, ...]) -> list[str]:
    width = max((len(entry.name) for entry in entries), default=0)
    return [
        f"  {label if number == 0 else '':<11} {entry.name:<{width}}  {entry.signature}  {entry.section}".rstrip()
        for number, entry in enumerate(entries)
    ]


def inspect(package: PluginPackage) -> Inspection:
    """Look into a package.

    Raises:
        BinaryError: no dialect takes the binary.
    """
    binary = read_binary(package.binary)
    if isinstance(binary, CoreBinary):
        imports, exports, dialect = _core_imports(binary), _core_exports(binary), str(binary.dialect)
    else:
        imports, exports, dialect = _component_imports(binary), _component_exports(binary), "component"
    problems = tuple(binary.problems())
    reason = f"{problems[0].kind} {problems[0].name}: {problems[0].message}" if problems else ""
    return Inspection(
        package,
        dialect,
        imports,
        exports,
        _implied(imports),
        problems,
        {"refhost": reason, _SERVER: _server_reason(dialect, imports)},
    )


def _server_reason(dialect: str, imports: tuple[Entry, ...]) -> str:
    if dialect == "component":
        return "it links no components"
    missing = [entry.name for entry in imports if entry.name.removeprefix("env.") in _NOT_ON_SERVER]
    unknown = [entry.name for entry in imports if not entry.section]
    return f"it has no {', '.join(missing + unknown)}" if missing or unknown else ""


def _implied(imports: tuple[Entry, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entry in imports:
        module, _, name = entry.name.partition(".")
        function = ENV.get(name) if module == "env" else WIT.get(entry.name)
        capability = "network" if module == "as-fetch" else function.capability if function else ""
        if capability:
            found.setdefault(capability, []).append(name)
    return found


def _core_imports(binary: CoreBinary) -> tuple[Entry, ...]:
    sections = {"wasi_snapshot_preview1": "§5", "as-fetch": "§18"}
    return tuple(
        Entry(
            f"{entry.module}.{entry.name}",
            entry.signature,
            sections.get(entry.module, ENV[entry.name].section if entry.module == "env" and entry.name in ENV else ""),
        )
        for entry in binary.imports
    )


def _core_exports(binary: CoreBinary) -> tuple[Entry, ...]:
    known = {export.name: export.section for export in contract_exports(binary.dialect)} | {"memory": "§2.1"}
    return tuple(Entry(name, signature, known.get(name, "")) for name, signature in binary.exports.items())


def _component_imports(binary: ComponentBinary) -> tuple[Entry, ...]:
    found = []
    for interface in binary.imports:
        for name, signature in interface.functions.items():
            label = f"{interface.short}.{name}" if interface.short else f"{interface.name}.{name}"
            function = WIT.get(label)
            section = function.section if function else "§5" if interface.name.startswith("wasi:") else ""
            found.append(Entry(label, signature, section))
    return tuple(found)


def _component_exports(binary: ComponentBinary) -> tuple[Entry, ...]:
    return tuple(
        Entry(f"{interface.short or interface.name}.{name}", signature, "§3" if interface.short else "")
        for interface in binary.exports
        for name, signature in interface.functions.items()
    )
