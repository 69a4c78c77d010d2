"""The command line and its ini keys; the command line wins."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import pytest

from pytest_plugin.results import VerdictData

if TYPE_CHECKING:
    from pathlib import Path

# How the files of delta snapshots end.
SNAPSHOT_FILES = "deltas"
# How ids of conformance items end.
_ID = re.compile(r"::[A-Z]+::[A-Z]+-\d{3}$")
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
        "--wasm-host",
        action="append",
        default=[],
        metavar="SPEC",
        help="judge this host: refhost, signalk-server, or exec:COMMAND, which starts a driver (may be given several "
        "times). With --wasm-plugin: judge the plugin in this host; with two hosts or more: compare what they do with "
        "the plugin",
    )
    group.addoption(
        "--wasm-host-seconds",
        metavar="SECONDS",
        help="how long an exec: host may take for one thing that it is asked for, in real time; 30 otherwise",
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
    group.addoption(
        "--wasm-profile",
        metavar="NAME",
        help="how the host behaves: documented (by the contract, which is the default), signalk-server-2.32 (as that "
        "server does), or all, to see on which of them the plugin works",
    )
    group.addoption(
        "--wasm-fetch",
        metavar="FILE",
        help="recorded answers to the plugin's HTTP requests, in JSON; without it no request is answered",
    )
    group.addoption(
        "--wasm-snapshot",
        action="store_true",
        help="compare what the plugin emits over streams of deltas with what was recorded (--snapshot-update)",
    )
    group.addoption(
        "--wasm-report",
        metavar="DIR",
        help="write report.json, report.html, summary.md and badge.json into this folder",
    )
    group.addoption(
        "--wasm-baseline",
        metavar="FILE",
        help="known failures, in TOML: one that fails is no news, and one that does not fail any more fails the run; "
        "signalk-server-2.32 is the one that comes with that host",
    )
    group.addoption(
        "--wasm-baseline-update",
        action="store_true",
        help="write the failures of this run into the baseline, and drop from it what does not fail any more "
        "(what this run did not judge stays, and so does every reason); no ini key: it is asked for each time",
    )
    group.addoption(
        "--wasm-explain",
        metavar="ID",
        help="print a requirement such as DELTA-001 with its reason, an example and how to mend it, and run nothing; "
        "no ini key: it is asked for each time",
    )
    parser.addini("wasm_plugin", "plugins to judge: see --wasm-plugin", type="paths", default=[])
    parser.addini("wasm_host", "hosts, one a line: see --wasm-host", type="linelist", default=[])
    parser.addini("wasm_host_seconds", "see --wasm-host-seconds", default="")
    parser.addini("wasm_capabilities", "see --wasm-capabilities", default="")
    parser.addini("wasm_config", "see --wasm-config; @FILE is relative to the ini file", default="")
    parser.addini("wasm_profile", "see --wasm-profile", default="")
    parser.addini("wasm_fetch", "see --wasm-fetch; relative to the ini file", default="")
    parser.addini("wasm_snapshot", "see --wasm-snapshot", type="bool", default=False)
    parser.addini("wasm_report", "see --wasm-report; relative to the ini file", default="")
    parser.addini("wasm_baseline", "see --wasm-baseline; relative to the ini file", default="")


def plugin_paths(config: pytest.Config) -> list[Path]:
    """The plugins that were asked for, without duplicates."""
    given = [config.invocation_params.dir / path for path in config.getoption("wasm_plugin")]
    paths: list[Path] = given or list(config.getini("wasm_plugin"))
    return list(dict.fromkeys(paths))


def host_specs(config: pytest.Config) -> list[str]:
    """The hosts that were asked for, without duplicates."""
    given: list[str] = config.getoption("wasm_host") or config.getini("wasm_host")
    return list(dict.fromkeys(given))


def host_seconds(config: pytest.Config) -> float | None:
    """How long a host may take for one thing; None where nobody says.

    Raises:
        pytest.UsageError: that is no time.
    """
    text, _ = text_of(config, "wasm_host_seconds")
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise pytest.UsageError(f"{named(config, 'wasm_host_seconds')}: give a number of seconds, such as 60.")
    return seconds


def judges(config: pytest.Config) -> bool:
    """Whether there is anything to judge in this run."""
    return bool(plugin_paths(config) or host_specs(config))


def free_name(alone: str, taken: set[str]) -> str:
    """A name that is not taken: with a number behind it where it is."""
    name, number = alone, 2
    while name in taken:
        name, number = f"{alone}-{number}", number + 1
    return name


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


def path_of(config: pytest.Config, name: str) -> Path | None:
    """The path that `wasm_report`, `wasm_baseline` or `wasm_fetch` names; None when none does."""
    text, folder = text_of(config, name)
    return folder / text if text else None


def wants_snapshots(config: pytest.Config) -> bool:
    """Whether what plugins emit is to be compared with their snapshots."""
    return bool(config.getoption("wasm_snapshot") or config.getini("wasm_snapshot"))


def check_snapshots(config: pytest.Config) -> None:
    """Refuse snapshots where nobody can keep them.

    Raises:
        pytest.UsageError: the plugin that does is switched off.
    """
    if wants_snapshots(config) and not hasattr(config.option, "update_snapshots"):
        raise pytest.UsageError("--wasm-snapshot needs the pytest plugin syrupy, which is switched off here.")


def keep_snapshots(config: pytest.Config) -> None:
    """Tell syrupy's own fixture that delta snapshots are none of its files, lest it deletes those not in the run."""
    if hasattr(config.option, "ignore_file_extensions"):  # syrupy is there
        ignored = config.option.ignore_file_extensions or []
        config.option.ignore_file_extensions = list(dict.fromkeys([*ignored, SNAPSHOT_FILES]))


def named(config: pytest.Config, name: str) -> str:
    """An option with its value as the user gave it, for messages: on the command line, or as an ini key."""
    given = config.getoption(name)
    return f"--{name.replace('_', '-')}={given}" if given is not None else f"{name}={config.getini(name)}"


def title(nodeid: str) -> str:
    """The title of an item's failure: its id. Where it could take that for a dotted name, pytest would show no dots."""
    return f"{nodeid} " if "." in nodeid else nodeid


def is_worker(config: pytest.Config) -> bool:
    """Whether this process only runs tests for another one, which sums up (pytest-xdist)."""
    return hasattr(config, "workerinput")


def check_alone(config: pytest.Config) -> None:
    """Refuse what says nothing without a plugin or host, on the command line: an ini file may have it for other runs.

    Raises:
        pytest.UsageError: there is such an option.
    """
    names = ("wasm_snapshot",) if host_specs(config) else ("wasm_report", "wasm_baseline", "wasm_snapshot")
    for name in names:
        if config.getoption(name) not in (None, False):
            raise pytest.UsageError(
                f"--{name.replace('_', '-')}: no plugin is judged in this run. Add --wasm-plugin=PATH."
            )
    for argument in () if host_specs(config) else config.args:
        if _ID.search(argument) and not (config.invocation_params.dir / argument.partition("::")[0]).exists():
            raise pytest.UsageError(f"{argument}: no plugin is judged in this run. Add --wasm-plugin=PATH.")
