"""The command line and its ini keys; the command line wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_plugin.results import VerdictData

if TYPE_CHECKING:
    from pathlib import Path

VERDICT = pytest.StashKey[VerdictData]()


def add(parser: pytest.Parser) -> None:
    """Add every option with its ini key."""
    group = parser.getgroup("signalk-wasm", "Signal K WebAssembly plugins")
    group.addoption(
        "--wasm-plugin",
        action="append",
        default=[],
        metavar="PATH",
        help="judge this plugin: a .wasm or .wat file, a package folder, its package.json, or a .tgz of npm pack "
        "(may be given several times)",
    )
    group.addoption(
        "--wasm-capabilities",
        metavar="JSON",
        help="capabilities instead of the package's, such as '{\"dataWrite\": false}'",
    )
    group.addoption(
        "--wasm-config",
        metavar="JSON|@FILE",
        help="the configuration to start the plugin with; made from the defaults of its schema otherwise",
    )
    parser.addini("wasm_plugin", "plugins to judge: see --wasm-plugin", type="paths", default=[])
    parser.addini("wasm_capabilities", "see --wasm-capabilities", default="")
    parser.addini("wasm_config", "see --wasm-config; @FILE is relative to the ini file", default="")


def plugin_paths(config: pytest.Config) -> list[Path]:
    """The plugins that were asked for, without duplicates."""
    given = [config.invocation_params.dir / path for path in config.getoption("wasm_plugin")]
    paths: list[Path] = given or list(config.getini("wasm_plugin"))
    return list(dict.fromkeys(paths))


def shown_path(config: pytest.Config, path: Path) -> str:
    """A path as the user would type it."""
    try:
        return str(path.relative_to(config.invocation_params.dir))
    except ValueError:
        return str(path)


def text_of(config: pytest.Config, name: str) -> tuple[str, Path]:
    """The text of `wasm_config` or `wasm_capabilities`, and the folder that a file in it is relative to."""
    given = config.getoption(name)
    if given is not None:
        return given, config.invocation_params.dir
    return str(config.getini(name)), config.inipath.parent if config.inipath else config.rootpath
