"""The server that is judged: where it is, and how it gets there, by npm, in the version that package.json pins."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from refhost.errors import HostError
from refhost.printing import printable

COMMAND = "python -m conformance install signalk-server"
VARIABLE = "SIGNALK_SERVER"
_PACKAGE = "signalk-server"
# Scripts of packages are not run: nothing that the server needs is built on the machine.
_NPM = ("npm", "install", "--omit=dev", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund")


class NotInstalled(HostError):  # noqa: N818 - what it is
    """The server, or Node that it runs on, is not there, or could not be installed."""


def pinned() -> str:
    """The version of the server that is judged."""
    version: str = json.loads(_manifest())["dependencies"][_PACKAGE]
    return version


def _manifest() -> str:
    return files("conformance.drivers.signalk_server").joinpath("package.json").read_text("utf-8")


def folder() -> Path:
    """Where the server is or will be installed: `SIGNALK_SERVER`, or a folder of this version in the user's cache."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(caches).expanduser().absolute() / "signalk-wasm" / f"{_PACKAGE}-{pinned()}"


def installed_version(place: Path) -> str:
    """The version of the server that is installed in a folder; "" for none."""
    try:
        manifest = json.loads((place / "node_modules" / _PACKAGE / "package.json").read_text("utf-8"))
    except (OSError, ValueError):
        return ""
    return str(manifest.get("version", ""))


def find() -> Path:
    """The folder with the server.

    Raises:
        NotInstalled: it is not there, or Node is not.
    """
    place = folder()
    if shutil.which("node") is None:
        raise NotInstalled("signalk-server runs on Node, which is not there: there is no program `node`.")
    found = installed_version(place)
    if not found:
        raise NotInstalled(f"signalk-server is not installed in {place}.", hint=f"Install it: {COMMAND}")
    return place


def install(place: Path | None = None) -> Path:
    """Install the server with npm, and say what is going on; what is there already stays.

    Args:
        place: where; None for `folder()`.

    Returns:
        The folder, which holds `node_modules`.

    Raises:
        NotInstalled: npm is not there, or failed; what it had done is gone.
    """
    target = place or folder()
    if installed_version(target) == pinned():
        _say(f"signalk-server {pinned()} is in {target} already.")
        return target
    if shutil.which("npm") is None:
        raise NotInstalled("npm installs signalk-server, and is not there: there is no program `npm`.")
    target.parent.mkdir(parents=True, exist_ok=True)
    _say(f"npm installs signalk-server {pinned()} into {target}: some 200 MB, about a minute …")
    with TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as made:
        (Path(made) / "package.json").write_text(_manifest(), "utf-8")
        (Path(made) / ".npmrc").write_text("package-lock=false\n", "utf-8")
        done = subprocess.run(_NPM, cwd=made, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603 - fixed words
        if done.returncode or installed_version(Path(made)) != pinned():
            words = printable(done.stderr.strip()[-600:], limit=600, lines=False)
            raise NotInstalled(
                f"npm could not install signalk-server {pinned()}, and ended with {done.returncode}: {words}",
                hint="What it needs is a connection to the npm registry that npm is configured for.",
            )
        target.mkdir(exist_ok=True)
        for name in ("node_modules", "package.json"):
            (Path(made) / name).replace(target / name)
    _say(f"signalk-server {pinned()} is in {target}.")
    return target


def _say(text: str) -> None:
    """Tell a person how it goes; standard output is for results."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - progress of a command
