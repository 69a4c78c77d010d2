"""`python watched.py memory|disk FOLDER some|all`: lives of plugins, watched by Python's own audit hooks.

Every plugin of the corpus that has a binary, and hostile ones, live in one host after the other. Before that
everything has lived once, so that no module is loaded while somebody watches. The last line says what was done that no
plugin was granted, as JSON. Between two calls of `stat`, for paths that there are not, a tracer sees the same.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

HELPERS = Path(__file__).parents[1] / "helpers"
sys.path.insert(0, str(HELPERS))

from hostile import Hostile, live, plugins  # noqa: E402 - found by the line above

import corpus  # noqa: E402 - the same
from refhost.errors import HostError  # noqa: E402 - the same
from refhost.host import Host  # noqa: E402 - the same
from refhost.limits import Limits  # noqa: E402 - the same
from refhost.package import PluginPackage, read_package  # noqa: E402 - the same
from refhost.server import application  # noqa: E402 - the same

# What leads out of a process, or brings code into it. Threads do neither.
WATCHED = ("open", "os.", "socket.", "subprocess.", "shutil.", "tempfile.", "ctypes.dlopen", "fcntl.", "mmap.", "glob.")
CODE = ("import", "exec", "compile", "marshal.", "pickle.")
LIMITS = Limits(call_seconds=0.05)
# Of the hostile ones that do nothing with files, environment or network, one of so many stands for the others.
_ONE_OF = 16
_NOWHERE = ("/isolation-begins", "/isolation-ends")


class Watch:
    """What happens while it is on, but for what is below a folder."""

    def __init__(self, granted: Path | None) -> None:
        self.on = False
        self.events: list[str] = []
        self.granted = 0
        self._granted = granted
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple) -> None:
        if self.on and event.startswith((*WATCHED, *CODE)):
            if self._is_granted(event, arguments):
                self.granted += 1
            else:
                self.events.append(f"{event} {arguments!r}"[:300])

    def _is_granted(self, event: str, arguments: tuple) -> bool:
        """Whether all paths are below the folder: by a path of one part, at a descriptor, or by the whole path."""
        if self._granted is None or not event.startswith(("open", "os.")):
            return False
        paths = [os.fsdecode(each) for each in arguments if isinstance(each, (str, bytes, os.PathLike))]
        if event == "open":
            paths = paths[:1]  # after it comes the mode
        if event == "os.symlink":
            paths = paths[1:]  # what a link says is the plugin's business; nobody follows it
        return all(path not in ("", ".", "..") and self._is_below(path) for path in paths)

    def _is_below(self, path: str) -> bool:
        return "/" not in path or Path(os.path.normpath(path)).is_relative_to(self._granted)


class Client:
    """A client of a host's HTTP API that needs no event loop, which would open sockets of its own."""

    def __init__(self, host: Host) -> None:
        self._application = application(host)

    def get(self, path: str) -> None:
        """Ask, and wait for nothing."""
        scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http"}
        scope |= {"path": path, "raw_path": path.encode(), "query_string": b"", "root_path": ""}
        scope |= {"headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1), "server": ("localhost", 80)}

        async def receive() -> dict:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(_: dict) -> None:
            pass

        running = self._application(scope, receive, send)
        try:
            running.send(None)
        except StopIteration:
            return
        raise AssertionError("it waits for something")


def packages(how_many: str) -> list[PluginPackage]:
    """All that live here: of the corpus, twins and probes included, and hostile ones, without those that only loop.

    Args:
        how_many: `some`; `all`, with every hostile one; or `few`, of which none takes long to compile.
    """
    root = Path(corpus.__file__).parent
    honest = [path.parent for path in sorted(root.glob("*/*/package.json")) if (path.parent / "plugin.wasm").is_file()]
    probes = sorted(root.glob("probes/*.wa[st]*"))
    hostile = [each for number, each in enumerate(plugins()) if how_many == "all" or _is_taken(number, each)]
    if how_many == "few":
        return [*map(read_package, [corpus.plugin("hello-c"), *probes[:4]]), *(each.package() for each in hostile[::4])]
    return [*map(read_package, [*honest, *probes]), *(each.package() for each in hostile)]


def _is_taken(number: int, plugin: Hostile) -> bool:
    return not plugin.slow and (plugin.group in ("files", "fetch") or number % _ONE_OF == 0)


def lived(packages: list[PluginPackage], directory: Path | None, secret: str) -> int:
    """One host for each; how many there were that knew the secret."""
    knowing = 0
    for package in packages:
        host = Host(limits=LIMITS, directory=directory)
        host._http = Client(host)
        life = live(host, package)
        told = [str(each) for each in (life.told, life.said, host.deltas, host.requests, host.journal.records)]
        knowing += any(secret in text for text in told)
        try:
            files = host.storage.vfs(package.id or package.name).files()
        except HostError:
            files = {}
        knowing += any(secret.encode() in data for data in files.values())
        host.close()
    return knowing


def main(where: str, folder: Path, how_many: str) -> None:
    """Let them live, and say what was seen."""
    secret = os.environ["ISOLATION_CANARY"]
    directory = folder.resolve() if where == "disk" else None
    watch = Watch(directory)
    everyone = packages(how_many)
    lived(everyone, directory, secret)
    _nowhere(0)
    watch.on = True
    knowing = lived(everyone, directory, secret)
    watch.on = False
    _nowhere(1)
    seen = {"plugins": len(everyone), "knowing": knowing, "granted": watch.granted, "events": watch.events}
    sys.stdout.write(json.dumps(seen) + "\n")


def _nowhere(which: int) -> None:
    """A call that a tracer sees, and nobody else."""
    try:
        Path(_NOWHERE[which]).stat()
    except FileNotFoundError:
        return


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
