"""`python -m pytest_plugin FILE…`: judges each file, for tools that pass file names, such as pre-commit."""

from __future__ import annotations

import sys

import pytest


def main(arguments: list[str]) -> int:
    """Run pytest with `--wasm-plugin` before each argument that is no option; its exit code."""
    if all(argument.startswith("-") for argument in arguments):
        sys.stderr.write("Name at least one plugin: python -m pytest_plugin build/plugin.wasm\n")
        return pytest.ExitCode.USAGE_ERROR
    return pytest.main([a if a.startswith("-") else f"--wasm-plugin={a}" for a in arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
