"""Plugins to test hosts and the harness with. Data only: nothing here imports the host or the harness."""

from __future__ import annotations

from pathlib import Path

__all__ = ["DELTAS", "PLUGINS", "plugin", "plugins"]

PLUGINS = Path(__file__).parent / "plugins"
"""The folder that holds one package folder per plugin."""

DELTAS = Path(__file__).parent / "deltas"
"""The folder of delta streams: JSON lines, one delta a line."""


def plugins() -> list[str]:
    """The names of all corpus plugins, sorted. A name is both the folder's and the package's."""
    return sorted(folder.parent.name for folder in PLUGINS.glob("*/package.json"))


def plugin(name: str) -> Path:
    """The package folder of a plugin: `package.json`, sources, and the binary that `wasmManifest` names.

    Raises:
        LookupError: no plugin has this name; the message lists those that there are.
    """
    names = plugins()
    if name not in names:
        raise LookupError(f"no corpus plugin is called {name!r}; there are {', '.join(names)}")
    return PLUGINS / name
