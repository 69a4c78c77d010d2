"""Plugins to test hosts and the harness with. Data only: nothing here imports the host or the harness."""

from __future__ import annotations

from pathlib import Path

__all__ = ["DELTAS", "INVALID", "LARGE", "PLUGINS", "PROBES", "TWINS", "large", "plugin", "plugins", "probe", "twins"]

PLUGINS = Path(__file__).parent / "plugins"
"""The folder that holds one package folder per plugin, sources and binary together."""

TWINS = Path(__file__).parent / "twins"
"""The same for the twins: one plugin, which SPEC.md there describes, in many languages."""

LARGE = Path(__file__).parent / "large"
"""The same for plugins whose binaries are too large to be kept: `python -m corpus.build NAME` makes them."""

PROBES = Path(__file__).parent / "probes"
"""The folder of the probes: plugins that do what they are told, and such as are wrong in one thing."""

DELTAS = Path(__file__).parent / "deltas"
"""The folder of delta streams made by hand: JSON lines, one delta a line. Those of logs are in `streams`."""

INVALID = DELTAS / "invalid.jsonl"
"""What is no delta, one a line: an object with its `reason`, and with `delta`, or `text` for what is no JSON either."""

_TWIN = "twin-"


def plugins() -> list[str]:
    """The names of all corpus plugins whose binary is there, sorted. A name is both the folder's and the package's."""
    return sorted([*_names(PLUGINS), *_names(TWINS)])


def twins() -> list[str]:
    """The names of the twins, sorted; the large ones among them have to be built before they are used."""
    return sorted([*_names(TWINS), *(name for name in large() if name.startswith(_TWIN))])


def large() -> list[str]:
    """The names of the corpus plugins that have to be built before they are used, sorted."""
    return _names(LARGE)


def plugin(name: str) -> Path:
    """The package folder of a plugin: `package.json`, sources, and the binary that `wasmManifest` names, once built.

    Raises:
        LookupError: no plugin has this name; the message lists those that there are.
    """
    for folder in (PLUGINS, TWINS, LARGE):
        if name in _names(folder):
            return folder / name
    raise LookupError(f"no corpus plugin is called {name!r}; there are {', '.join([*plugins(), *large()])}")


def probe(name: str) -> Path:
    """The binary of a probe, or its WebAssembly text.

    Raises:
        LookupError: there is none of this name; the message lists those that there are.
    """
    found = {path.stem: path for path in sorted(PROBES.iterdir()) if path.suffix in {".wasm", ".wat"}}
    if name in found:
        return found[name]
    raise LookupError(f"no probe is called {name!r}; there are {', '.join(found)}")


def _names(folder: Path) -> list[str]:
    return sorted(package.parent.name for package in folder.glob("*/package.json"))
