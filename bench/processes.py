"""Whole commands, from their start to their end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import corpus
from bench.rows import Row, compare
from conformance.drivers.signalk_server.driver import SignalkServerDriver
from refhost.package import read_package

_TWIN = "twin-assemblyscript"
_PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")


def _seconds(*command: str, folder: Path, allowed: tuple[int, ...] = (0, 1), **environment: str) -> float:
    begun = time.perf_counter()
    # As on any machine that was not told otherwise: what is imported is compiled once.
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(  # noqa: S603 - our own words
        command, cwd=folder, env={**usual, **environment}, capture_output=True, check=False
    )
    if done.returncode not in allowed:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stdout.decode()[-500:]}")
    return time.perf_counter() - begun


def start_up() -> Row:
    """Pytest over no tests at all, with the plugin installed and without; what it costs, in ms of processor time."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")

        def taken(*more: str) -> float:
            before = os.times()
            _seconds(*_PYTEST, *more, folder=folder, allowed=(5,))
            after = os.times()
            spent = after.children_user + after.children_system - before.children_user - before.children_system
            return 1000 * spent

        return compare(
            "start-up",
            "start of pytest with the plugin installed and unused: what it costs",
            "ms",
            "< 10",
            taken,
            lambda: taken("-p", "no:signalk_wasm"),
            rounds=15,
            ratio=lambda ours, theirs: ours - theirs,
        )


def second_run() -> Row:
    """How many binaries the second run of a suite compiles; the first one's are `theirs`."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        count = (
            "import sys, pytest; from refhost.engine import COMPILER; "
            "pytest.main(sys.argv[1:]); print('compiled', COMPILER.compiled)"
        )
        asked = (sys.executable, "-c", count, *_PYTEST[3:], f"--wasm-plugin={corpus.plugin(_TWIN)}")

        def compiled() -> float:
            environment = {**os.environ, "SIGNALK_WASM_CACHE": str(folder / "compiled")}
            done = subprocess.run(asked, cwd=folder, env=environment, capture_output=True, check=True, text=True)  # noqa: S603 - our own words
            return float(done.stdout.rsplit("compiled", 1)[1])

        first = compiled()
        second = compiled()
    return Row(
        "second-run", "binaries that the second run compiles", second, first, "binaries", second, "<= 0", second <= 0
    )


def suite() -> Row:
    """The whole plugin suite on a twin, from the start of the process to its end, against a boot of the server.

    The server is started with another plugin in AssemblyScript, since it does not run the twin: it starts WASI for the
    buffer dialect only. Its time ends with that plugin running and a delta of it seen.
    """
    package = read_package(Path(__file__).with_name("plugins") / "quiet.wasm")
    with TemporaryDirectory() as name:
        folder = Path(name)

        def ours() -> float:
            return _seconds(*_PYTEST, f"--wasm-plugin={corpus.plugin(_TWIN)}", folder=folder)

        def theirs() -> float:
            begun = time.perf_counter()
            driver = SignalkServerDriver(lane="whole")
            try:
                with driver.session(package) as session:
                    session.start({})
                    return time.perf_counter() - begun
            finally:
                driver.close()

        return compare(
            "suite",
            "the plugin suite on a twin, against a boot of the server",
            "seconds",
            "< 1",
            ours,
            theirs,
            rounds=3,
            warm=False,
        )


def two_processes() -> Row:
    """The plugin suite on all plugins of the corpus in one process and in two."""
    plugins = [f"--wasm-plugin={corpus.plugin(name)}" for name in corpus.plugins()]
    with TemporaryDirectory() as name:
        folder = Path(name)
        return compare(
            "two-processes",
            "the plugin suite on the corpus in one process, against -n 2",
            "seconds",
            ">= 1.7",
            lambda: _seconds(*_PYTEST, *plugins, folder=folder),
            lambda: _seconds(*_PYTEST, "-n", "2", *plugins, folder=folder),
            rounds=3,
            warm=False,
        )


def hosts() -> Row:
    """The host suite on the reference host, against signalk-server; the same requirements."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        return compare(
            "host-suite",
            "the host suite, against the same on signalk-server",
            "seconds",
            "<= 0.2",
            lambda: _seconds(*_PYTEST, "--wasm-host=refhost", folder=folder),
            lambda: _seconds(*_PYTEST, "--wasm-host=signalk-server", folder=folder),
            rounds=1,
            warm=False,
        )
