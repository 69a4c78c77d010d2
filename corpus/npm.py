"""Packages of the npm registry that a plugin is built with: what its `devDependencies` name."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path

from corpus.tools import ROOT, ToolMissingError, run

FOLDER = ROOT / "build"
"""Where packages are installed; git ignores it."""

_LOCK = "package-lock.json"


def npm() -> str:
    """The program `npm`.

    Raises:
        ToolMissingError: it is not there, or `node` is not.
    """
    found = shutil.which("npm")
    if found is None or shutil.which("node") is None:
        raise ToolMissingError("npm and node are not here: install the Debian packages nodejs and npm.")
    return found


def add_packages(work: Path) -> None:
    """Puts a folder `node_modules` beside a plugin's `package.json`: the versions of its lock file, if it has one.

    Raises:
        ToolMissingError: npm is not here.
        CompileError: npm could not install them.
    """
    (work / "node_modules").symlink_to(_installed(work), target_is_directory=True)


def _installed(work: Path) -> Path:
    """The folder `node_modules` with what the plugin asks for; plugins that ask for the same share it."""
    program = npm()
    package = json.loads((work / "package.json").read_text(encoding="utf-8"))
    wanted = json.dumps({"private": True, "devDependencies": package["devDependencies"]}, sort_keys=True)
    lock = (work / _LOCK).read_text(encoding="utf-8") if (work / _LOCK).exists() else ""
    folder = FOLDER / f"corpus-npm-{hashlib.sha256((wanted + lock).encode()).hexdigest()[:12]}"
    if not folder.is_dir():
        FOLDER.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FOLDER) as temporary:
            fresh = Path(temporary, "packages")
            fresh.mkdir()
            (fresh / "package.json").write_text(wanted, encoding="utf-8")
            quiet = ["--ignore-scripts", "--no-audit", "--no-fund"]
            if lock:
                (fresh / _LOCK).write_text(lock, encoding="utf-8")
            else:
                quiet.append("--no-package-lock")
            # Not `npm ci`: it refuses a lock file without the optional packages for machines of other kinds, and a
            # registry need not have all of them.
            run([program, "install", *quiet], fresh)
            fresh.rename(folder)  # only now, so that half an installation is never taken for a whole one
    return folder / "node_modules"
