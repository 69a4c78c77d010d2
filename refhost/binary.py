"""What is in a binary: its format, dialect, imports and exports; and whether they fit the contract (§2, §4).

Everything here is found out before anything of the plugin runs.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from refhost.capabilities import nearest
from refhost.dialects.door import IMPORT, TYPES, door
from refhost.dialects.linking import linked
from refhost.dialects.pump import PUMPED
from refhost.engine import COMPILER
from refhost.errors import BinaryError
from refhost.exports import Dialect, dialect_of, export_problems, fetch_export_problems, named
from refhost.functions import AS_FETCH, COMMON_SLIPS, ENV, SERVICES, describe
from refhost.problem import Problem
from refhost.signatures import Signatures
from refhost.wasi.preview1 import FUNCTIONS as WASI_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import wasmtime

    from refhost.capabilities import Grants
    from refhost.dialects.linking import Linked
    from refhost.functions import HostFunction

MAGIC = b"\0asm"
CORE_VERSION = b"\x01\0\0\0"
COMPONENT_VERSION = b"\x0d\0\x01\0"

WASI_MODULE = "wasi_snapshot_preview1"
FETCH_MODULE = "as-fetch"


@dataclass(frozen=True)
class CoreImport:
    """An import of a core module; `signature` is its type as text, or its sort where it is no function."""

    module: str
    name: str
    signature: str


@dataclass(frozen=True)
class CoreBinary:
    """A core module, compiled and looked through.

    Attributes:
        exports: each export's name with its type as text, or its sort (`memory`, `global`, `table`).
    """

    module: wasmtime.Module
    dialect: Dialect
    imports: tuple[CoreImport, ...]
    exports: Mapping[str, str]

    def problems(self) -> list[Problem]:
        """Every import and export that does not fit the contract, imports first."""
        return list(self._problems)

    @functools.cached_property
    def _problems(self) -> list[Problem]:
        fetches = {entry.name for entry in self.imports if entry.module == FETCH_MODULE}
        return [
            *_import_problems(self.imports),
            *export_problems(self.dialect, self.exports),
            *fetch_export_problems(self.dialect, fetches, self.exports),
        ]

    @functools.cached_property
    def fetches(self) -> bool:
        """Whether it imports anything of as-fetch (§18)."""
        return any(entry.module == FETCH_MODULE for entry in self.imports)

    @functools.cached_property
    def functions(self) -> Mapping[str, str]:
        """The name of each exported function with its type."""
        return {name: signature for name, signature in self.exports.items() if signature.startswith("(")}

    @functools.cached_property
    def linked(self) -> Linked | None:
        """Its imports, for all of its instances; None where each instance needs functions of its own."""
        return linked(self.module, [(entry.module, entry.name, entry.signature) for entry in self.imports])

    @functools.cached_property
    def is_pumped(self) -> bool:
        """Whether many deltas can be delivered at once: it exports what the pump calls, of the usual types."""
        wanted = PUMPED.get(self.dialect, {})
        return bool(wanted) and all(self.exports.get(name) == signature for name, signature in wanted.items())

    @functools.cached_property
    def door(self) -> Linked | None:
        """The door of all of its instances that are pumped; None where nothing is emitted in the usual way."""
        for number, entry in enumerate(self.imports):
            if (entry.module, entry.name) == IMPORT and entry.signature in TYPES:
                return door(entry.signature, number)
        return None

    def ungranted(self, grants: Grants) -> list[Problem]:
        """Every import that is linked only with a capability that is not granted (§7, §18)."""
        needed = {e.name: AS_FETCH[e.name] for e in self.imports if e.module == FETCH_MODULE and e.name in AS_FETCH}
        return [
            Problem(
                "import",
                f"{FETCH_MODULE}.{name}",
                f"the plugin lacks {function.capability} capability",
                f'Declare "{function.capability}": true in the wasmCapabilities of package.json.',
                "§7",
            )
            for name, function in needed.items()
            if not grants.has(function.capability)
        ]


def is_component(binary: bytes) -> bool:
    """Whether the bytes are a component rather than a core module.

    Raises:
        BinaryError: they are neither (contract §2).
    """
    if binary[:4] == MAGIC and binary[4:8] == CORE_VERSION:
        return False
    if binary[:4] == MAGIC and binary[4:8] == COMPONENT_VERSION:
        return True
    raise BinaryError(f"Not a WebAssembly binary: {_what_it_is(binary)}", hint=_ADVICE)


_ADVICE = (
    "A core module begins with the bytes 00 61 73 6D 01 00 00 00, a component with 00 61 73 6D 0D 00 01 00 "
    "(contract §2). Give the .wasm file that the compiler wrote."
)


def _what_it_is(binary: bytes) -> str:
    if not binary:
        return "the file is empty."
    if len(binary) < 8:
        return f"the file has only {len(binary)} bytes, and the header alone has 8."
    if binary[:4] == MAGIC:
        return f"its version bytes are {binary[4:8].hex(' ')}, of no known format."
    if binary.lstrip()[:1] == b"(":
        return "it looks like WebAssembly text; a .wat file is compiled when its name ends in .wat."
    if all(32 <= byte < 127 or byte in b"\t\r\n" for byte in binary[:64]):
        return f"it is text, beginning {binary[:24].decode('ascii')!r}."
    return f"it begins with the bytes {binary[:8].hex(' ')}."


@COMPILER.remembering
def read_core(binary: bytes) -> CoreBinary:
    """Compile a core module and find its dialect.

    Raises:
        BinaryError: it does not validate, fits no dialect, or exports no memory.
    """
    module = COMPILER.module(binary)
    signatures = Signatures(binary)
    exports = {entry.name: signatures.exports.get(entry.name) or _sort(entry.type) for entry in module.exports}
    imports = tuple(
        CoreImport(entry.module, entry.name or "", signature or _sort(entry.type))
        for entry, signature in zip(module.imports, signatures.imports, strict=True)
    )
    dialect = dialect_of(exports)
    if exports.get("memory") != "memory":
        raise BinaryError(
            f'The module exports no memory named "memory", so no string can reach it. {named(exports)}',
            hint="Export the memory (AssemblyScript and Rust do so by themselves; for C link without --import-memory).",
        )
    return CoreBinary(module, dialect, imports, exports)


def _sort(ty: object) -> str:
    """What is imported or exported that is no function: `memory`, `global`, `table`, `tag`."""
    return type(ty).__name__.removesuffix("Type").lower()


# What is imported.


def _import_problems(imports: tuple[CoreImport, ...]) -> Iterator[Problem]:
    for entry in imports:
        if entry.module == "env":
            yield from _env_problems(entry)
        elif entry.module == WASI_MODULE:
            yield from _wasi_problems(entry)
        elif entry.module == FETCH_MODULE:
            yield from _fetch_problems(entry)
        else:
            yield _unknown_module(entry)


# Where the type is wrong for a reason that is worth telling.
_TYPE_HINTS = {
    "console.log": "AssemblyScript's own console.log passes a string object: call sk_debug instead, the SDK's debug().",
}


def _env_problems(entry: CoreImport) -> Iterator[Problem]:
    label = f"env.{entry.name}"
    function = ENV.get(entry.name)
    if function is None:
        meant = COMMON_SLIPS.get(entry.name) or nearest(entry.name, ENV)
        yield Problem(
            "import",
            label,
            f"the host has no function {entry.name} {entry.signature}",
            f"Did you mean {meant} {_expected(ENV[meant])}?" if meant else "Contract §4 lists every function.",
            "§4",
        )
        return
    expected = [describe(*signature) for signature in function.signatures()]
    if entry.signature not in expected:
        yield Problem(
            "import",
            label,
            f"it is declared as {entry.signature}; the host's is {' or '.join(expected)}",
            _TYPE_HINTS.get(entry.name, f"Declare {entry.name} with the type {expected[0]}."),
            "§4",
        )
    elif function.operation.partition(".")[0] not in SERVICES:
        yield Problem(
            "import",
            label,
            "the function is in the contract, but this release of the reference host does not carry it out",
            f"Plugins that need {entry.name} ({function.section}) cannot be judged by this release.",
            function.section,
        )


def _expected(function: HostFunction) -> str:
    return " or ".join(describe(*signature) for signature in function.signatures())


def _fetch_problems(entry: CoreImport) -> Iterator[Problem]:
    label = f"{FETCH_MODULE}.{entry.name}"
    function = AS_FETCH.get(entry.name)
    if function is None:
        meant = nearest(entry.name, AS_FETCH)
        hint = f"Did you mean {meant} {_expected(AS_FETCH[meant])}?" if meant else f"It has {', '.join(AS_FETCH)}."
        yield Problem("import", label, f"as-fetch has no function {entry.name} {entry.signature}", hint, "§18")
    elif entry.signature != _expected(function):
        yield Problem(
            "import",
            label,
            f"it is declared as {entry.signature}; the host's is {_expected(function)}",
            "Build with as-fetch 2.1.",
            "§18",
        )


def _wasi_problems(entry: CoreImport) -> Iterator[Problem]:
    label = f"{WASI_MODULE}.{entry.name}"
    function = WASI_FUNCTIONS.get(entry.name)
    if function is None:
        meant = nearest(entry.name, set(WASI_FUNCTIONS))
        yield Problem(
            "import",
            label,
            "WASI preview 1 has no such function",
            f"Did you mean {meant}?" if meant else "",
            "§5",
        )
        return
    expected = describe(function.params, function.results)
    if entry.signature != expected:
        yield Problem(
            "import",
            label,
            f"it is declared as {entry.signature}; WASI's is {expected}",
            "Build against the WASI library of your toolchain.",
            "§5",
        )


def _unknown_module(entry: CoreImport) -> Problem:
    hint = "A plugin imports from env (§4), wasi_snapshot_preview1 (§5) and as-fetch (§18) only."
    if entry.module == "wasi_unstable":
        hint = "wasi_unstable is the forerunner of wasi_snapshot_preview1: build with a newer toolchain."
    elif entry.module.startswith("__wbindgen"):
        hint = "The module was built for wasm-bindgen, which needs JavaScript. Build for wasm32-wasip1."
    return Problem("import", f"{entry.module}.{entry.name}", f'the host has no module "{entry.module}"', hint, "§4")
