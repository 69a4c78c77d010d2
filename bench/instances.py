"""Fresh instances of a plugin, each isolated from all others, against Node's, of the same module compiled once."""

from __future__ import annotations

import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import corpus
from bench.rows import Row, compare
from bench.server_loader import ServerLoader
from refhost.host import Host
from refhost.package import read_package
from refhost.runtime import PluginRuntime

_COUNT = 300
_PLUGIN = "hello-c"


def instances() -> Row:
    """A store with all that a plugin may call, its WASI and an instance, one call, and an end.

    Node's imports are functions that do nothing: it has no WASI, no gate and no limits.
    """
    package = read_package(corpus.plugin(_PLUGIN))
    with TemporaryDirectory() as folder, Host() as host:
        binary, log = Path(folder) / "plugin.wasm", Path(folder) / "log.json"
        binary.write_bytes(package.binary)
        log.write_text(json.dumps([]), "utf-8")
        runtime = PluginRuntime(package.id, package, host, seed=0)

        def ours() -> float:
            begun = time.process_time()
            for _ in range(_COUNT):
                instance = runtime.instantiate()
                instance.stop()
                instance.close()
            return _COUNT / (time.process_time() - begun)

        with ServerLoader(log) as loader:

            def theirs() -> float:
                done = loader.ask("instances", binary=str(binary), count=_COUNT)
                taken: float = done["microseconds"] / 1e6
                return _COUNT / taken

            return compare("instances", f"fresh instances of {_PLUGIN}", "instances a second", ">= 2", ours, theirs)
