"""How hostile plugins are stopped: `python -m bench.hostile [--seconds N] [NAME …]`; `--server FILE`: signalk-server.

Each call into a plugin has a deadline. Shown is, for the calls that took longest against it, how many deadlines they
took: a host function that is at work when the deadline passes is not interrupted, the guest is once that has returned.
With `--server` each plugin goes through signalk-server as npm installs it, in a process that is killed when it hangs; a
table of what became of it is written into the file.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.drivers.exec_driver import ExecDriver
from conformance.drivers.faults import LAST_WORDS, DriverFault, HostGone
from conformance.drivers.process import Bounds
from conformance.drivers.signalk_server.driver import SignalkServerDriver
from refhost.dialects.guard import Guard
from refhost.errors import HostError, PluginTimeout
from refhost.host import Host
from refhost.limits import Limits
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.drivers.remote import RemoteHost
    from conformance.drivers.signalk_server.driver import Lane

ROOT = Path(__file__).parents[1]
SHOWN = 12
_ENOUGH = 0.9
_WORDS = """\
Made by `python -m bench.hostile --server docs/hosts/signalk-server-2.32-hostile.md`; for information. Each plugin of
`corpus/hostile` goes through the server as npm installs it, beside an honest one: it is loaded, started, given a delta,
polled, asked, stopped. Where it is a handler of clients' requests that is hostile, the whole server is there; else its
WASM code over a stand-in (the lane `in-process`). **hung**: a step took longer than {0} s ({1} s in the whole server),
and the process was killed: with it would go every other plugin and the server itself. **died**: the process ended by
itself. **refused**: the server said no, and went on. **broken**: what it sent was no answer. What a plugin does by more
than this, such as memory that it takes, is not seen here. Plugins named `fetch-…` imitate Asyncify:
what ends the process there is a rejected promise that nobody handles, and only the lane `in-process` was tried."""
LANES: tuple[Lane, ...] = ("in-process", "whole")
# A request that takes longer hangs: the server itself has no bound. The whole server has to boot as well.
HANGS_SECONDS = {"in-process": 5.0, "whole": 20.0}
# What only the whole server calls.
HANDLERS = ("get_x", "handle_put", "resources_list", "weather_get", "radar_get", "http_endpoints")
sys.path.insert(0, str(ROOT / "tests" / "helpers"))
hostile: Any = importlib.import_module("hostile")


def slowest(seconds: float, names: list[str]) -> list[tuple[float, str, str]]:
    """Let each plugin live in a host, and time each call into it.

    Args:
        seconds: the deadline of a call.
        names: of the plugins; all when empty.

    Returns:
        How many deadlines a call took, the plugin and the export, of the slowest call of each plugin up to the first
        one that takes a deadline: the next ones would take as many.
    """
    found = []
    worst: list[Any] = [0.0, ""]
    run = Guard.run

    def timed(guard: Guard, export: str | Callable[[], str], call: Callable[[], Any]) -> Any:  # noqa: ANN401 - as it is
        if worst[0] > _ENOUGH:
            raise PluginTimeout("bench", "a call has taken a deadline: the next ones would take as many")
        begun = time.perf_counter()
        try:
            return run(guard, export, call)
        finally:
            ratio = (time.perf_counter() - begun) / seconds
            if ratio > worst[0]:
                worst[:] = ratio, export if isinstance(export, str) else export()

    Guard.run = timed  # type: ignore[method-assign, assignment]  # so that nothing else is timed
    try:
        for plugin in hostile.plugins():
            if names and plugin.name not in names:
                continue
            worst[:] = 0.0, ""
            package = plugin.package()
            with Host(limits=Limits(call_seconds=seconds)) as host:
                hostile.live(host, package)
            found.append((worst[0], plugin.name, worst[1]))
    finally:
        Guard.run = run  # type: ignore[method-assign]  # as it was
    return sorted(found, reverse=True)


def _outcome(driver: ExecDriver, plugin: Any) -> tuple[str, str]:  # noqa: ANN401 - of a helper of the tests
    """What became of the server with a plugin in it, in a word and in words."""
    at = "load"
    try:
        with driver.host() as host:
            neighbour = host.load(hostile.honest())
            neighbour.start({})
            try:
                for at, work in _steps(host, plugin):  # noqa: B007 - said when it fails
                    work()
            except (HostGone, DriverFault):
                raise
            except HostError as error:
                return "refused", _short(f"{at}: {error.message}")
            return "survived", "" if neighbour.state == "running" else f"its neighbour is {neighbour.state}"
    except HostGone as gone:
        late = "did not reply" in gone.message or "was killed" in gone.message
        return ("hung" if late else "died"), _short(f"{at}: {gone.message.partition(LAST_WORDS)[0]}")
    except HostError as error:
        return "broken", _short(f"{at}: {error.message}")


def _steps(host: RemoteHost, plugin: Any) -> list[tuple[str, Callable[[], object]]]:  # noqa: ANN401 - the same
    loaded: list[Any] = []
    delta = {
        "context": "vessels.self",
        "updates": [
            {
                "$source": "test",
                "timestamp": "2026-01-01T00:00:00.000Z",
                "values": [{"path": "navigation.speedOverGround", "value": 1.5}],
            }
        ],
    }
    steps: list[tuple[str, Callable[[], object]]] = [
        ("load", lambda: loaded.append(host.load(plugin.package()))),
        ("start", lambda: loaded[0].start({})),
        ("deliver", lambda: loaded[0].publish(delta)),
    ]
    if plugin.polls:
        steps.append(("poll", lambda: loaded[0].advance(1.2)))
    asked: dict[str, Callable[[], object]] = {
        "put": lambda: loaded[0].put("vessels.self", "plugins.hostile.switch", True),
        "http": lambda: loaded[0].http("GET", "/api/x"),
        "resources": lambda: host.provide("resource", "routes", "list"),
        "weather": lambda: host.provide(
            "weather", "hostile", "warnings", '{"position":{"latitude":60,"longitude":25}}'
        ),
        "radars": lambda: host.provide("radar", "hostile", "get_radars"),
    }
    steps += [(name, work) for name, work in asked.items() if name in host.features]
    return [*steps, ("stop", lambda: loaded[0].stop())]  # noqa: PLW0108 - there is none before it is loaded


def _short(text: str) -> str:
    return printable(text, limit=160, lines=False).replace("|", "\\|")


def in_server(names: list[str], minutes: float) -> tuple[str, list[tuple[Any, str, str]]]:
    """Let each plugin live in signalk-server, beside an honest one.

    Args:
        names: of the plugins; all when empty.
        minutes: after which no further one is begun.

    Returns:
        The server's version, and each plugin with what became of the server.
    """
    server = SignalkServerDriver(lane="in-process")
    drivers = {
        lane: ExecDriver(server.command(lane), bounds=Bounds(seconds=HANGS_SECONDS[lane], hello_seconds=60.0))
        for lane in LANES
    }
    found = []
    until = time.monotonic() + 60 * minutes
    try:
        version = drivers["in-process"].version
        for plugin in hostile.plugins():
            if names and plugin.name not in names:
                continue
            if time.monotonic() > until:
                found.append((plugin, "not tried", "the time was up"))
                continue
            lane: Lane = (
                "whole" if any(word in f"{plugin.name} {plugin.function}" for word in HANDLERS) else "in-process"
            )
            found.append((plugin, *_outcome(drivers[lane], plugin)))
            print(f"{plugin.name:50} {found[-1][1]:10} {found[-1][2]}")
            sys.stdout.flush()
    finally:
        for driver in drivers.values():
            driver.close()
        server.close()
    return version, found


def page(version: str, found: list[tuple[Any, str, str]]) -> str:
    """The table, for people."""
    count = Counter(outcome for _, outcome, _ in found)
    seconds = [f"{HANGS_SECONDS[lane]:g}" for lane in LANES]
    lines = [
        f"# Hostile plugins in signalk-server {version}",
        "",
        *_WORDS.format(*seconds).splitlines(),
        "",
        "; ".join(f"{outcome}: {number}" for outcome, number in sorted(count.items())) + f"; {len(found)} plugins.",
        "",
        "| plugin | what it does | became of the server | |",
        "|---|---|---|---|",
    ]
    order = ["died", "hung", "broken", "not tried"]
    bad = sorted((row for row in found if row[1] in order), key=lambda row: (order.index(row[1]), row[0].name))
    lines += [f"| `{plugin.name}` | {_short(plugin.tries)} | {outcome} | {words} |" for plugin, outcome, words in bad]
    neighbours = [(plugin, words) for plugin, outcome, words in found if outcome == "survived" and words]
    lines += [f"| `{plugin.name}` | {_short(plugin.tries)} | survived | {words} |" for plugin, words in neighbours]
    calm = [
        plugin.name
        for plugin, outcome, words in found
        if outcome in ("survived", "refused") and not (words and outcome == "survived")
    ]
    lines += ["", f"The server went on after the other {len(calm)}: {', '.join(f'`{name}`' for name in calm)}."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, or write the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.hostile", description="How hostile plugins are stopped.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of corpus/hostile; all when left out")
    parser.add_argument("--seconds", type=float, default=2.0, help="the deadline of a call (%(default)s)")
    parser.add_argument("--server", type=Path, metavar="FILE", help="go through signalk-server, and write a table")
    parser.add_argument("--minutes", type=float, default=30.0, help="that --server may take (%(default)s)")
    given = parser.parse_args()
    if given.server:
        version, found = in_server(given.names, given.minutes)
        given.server.write_text(page(version, found), "utf-8")
        return
    found_here = slowest(given.seconds, given.names)
    for ratio, name, export in found_here[:SHOWN]:
        print(f"{ratio:6.2f} deadlines  {name:45} {export}")
    over = [name for ratio, name, _ in found_here if ratio > 1.5]
    print(f"{len(found_here)} plugins, deadline {given.seconds:g} s; over 1.5 deadlines: {', '.join(over) or 'none'}")


if __name__ == "__main__":
    main()
