"""`refhost`: look into a plugin, run it over deltas, serve it on this machine."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from refhost.errors import HostError
from refhost.host import Host
from refhost.inspection import inspect
from refhost.jsontext import NotJson, dumps, loads
from refhost.package import PluginPackage, read_package
from refhost.printing import printable
from refhost.wasi.command import wasi_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from refhost.plugin import Plugin

_PLUGIN = click.argument("plugin", type=click.Path(path_type=Path))


class _Commands(click.Group):
    """Turns what the host refuses into a sentence and exit code 2, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click has it
        """Run a command."""
        try:
            return super().invoke(ctx)
        except HostError as error:
            raise click.UsageError(str(error)) from None
        except BrokenPipeError:
            sys.stderr.close()  # the reader has gone: `refhost run … | head`
            raise SystemExit(0) from None


@click.group(cls=_Commands)
@click.version_option(package_name="pytest-signalk-wasm")
def main() -> None:
    """The reference host for Signal K WebAssembly plugins."""


main.add_command(wasi_command)


@main.command("inspect")
@_PLUGIN
@click.option("--json", "as_json", is_flag=True, help="For a program to read.")
def inspect_command(plugin: Path, *, as_json: bool) -> None:
    """Say what is in a plugin: dialect, imports, exports, capabilities, and which hosts can link it."""
    found = inspect(read_package(plugin))
    click.echo(json.dumps(found.to_json(), indent=2) if as_json else found.to_text())


@main.command()
@_PLUGIN
@click.option("--config", "config_text", default="{}", metavar="JSON|@FILE", help="The configuration to start with.")
@click.option("--deltas", type=click.Path(path_type=Path), help="A file of deltas, one a line; - for standard input.")
@click.option("--speed", default=0.0, help="Seconds of virtual time between two deltas; 0 for none.", show_default=True)
@click.option("--seconds", default=0.0, help="Virtual time to go on for after the last delta.", show_default=True)
@click.option("--seed", default=0, help="Of all randomness that the plugin sees.", show_default=True)
@click.option("--answers", type=click.Path(path_type=Path), help="Recorded HTTP answers for as-fetch.")
def run(
    plugin: Path,
    *,
    config_text: str,
    deltas: Path | None,
    speed: float,
    seconds: float,
    seed: int,
    answers: Path | None,
) -> None:
    """Run a plugin over a log of deltas.

    What it emits goes to standard output as JSON lines, its log to standard error.
    """
    package = read_package(plugin)
    config = _object(config_text)
    with Host(seed=seed) as host:
        if answers is not None:
            host.respond_from(answers)
        loaded = host.load(package)
        output = _Output(host)
        if not _started(loaded, config, output):
            raise SystemExit(1)
        for line in _lines(deltas):
            host.publish_delta(line)
            if speed:
                host.advance(speed)
            output.write()
        host.advance(seconds)
        output.write()
        failed = not loaded.is_running
        loaded.stop()
        output.write()
    if failed:
        click.echo(f"The plugin ended badly: {loaded.why()}", err=True)
        raise SystemExit(1)


def _started(plugin: Plugin, config: dict[str, Any], output: _Output) -> bool:
    plugin.start(config)
    output.write()
    if not plugin.is_running:
        click.echo(f"The plugin did not start: {plugin.why()}", err=True)
    return plugin.is_running


class _Output:
    """What a run has written so far: emitted deltas, and records of the journal."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._deltas = 0
        self._records = 0

    def write(self) -> None:
        """Write what is new."""
        # Only what is new is looked at: this runs after every delta of a log, however long the log is.
        emissions = self._host.bus.emissions
        for emission in emissions[self._deltas :]:
            click.echo(dumps(emission.delta))
        self._deltas = len(emissions)
        for record in self._host.log[self._records :]:
            click.echo(printable(str(record), limit=sys.maxsize, lines=False), err=True)
        self._records = len(self._host.log)


def _lines(path: Path | None) -> Iterator[str]:
    """The lines of a file of deltas, with a bar on a terminal when there are many."""
    if path is None:
        return
    if str(path) == "-":
        yield from (line for line in sys.stdin if line.strip())
        return
    try:
        lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"--deltas: {path} cannot be read: {error}.") from None
    with click.progressbar(lines, label="deltas", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        yield from bar


def _object(text: str) -> dict[str, Any]:
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise click.UsageError(f"--config: {text[1:]} cannot be read: {error}.") from None
    try:
        value = loads(text)
    except NotJson as error:
        raise click.UsageError(f"--config: {text[:60]!r} is not JSON: {error}.") from None
    if not isinstance(value, dict):
        raise click.UsageError(f"--config: {text[:60]!r} is JSON, but not an object.")
    return value


@main.command()
@click.argument("plugins", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--port", default=3000, help="The port on 127.0.0.1; 0 for any free one.", show_default=True)
@click.option("--seed", default=0, help="Of all randomness that the plugins see.", show_default=True)
@click.option("--answers", type=click.Path(path_type=Path), help="Recorded HTTP answers for as-fetch.")
def serve(plugins: tuple[Path, ...], *, port: int, seed: int, answers: Path | None) -> None:
    """Serve plugins on this machine: endpoints, PUT, resources and the delta stream, until Ctrl-C."""
    import uvicorn  # noqa: PLC0415 - the other commands have no use for it

    from refhost.server import application  # noqa: PLC0415 - the same

    packages = [read_package(path) for path in plugins]
    with Host(seed=seed, start=datetime.now(UTC)) as host:
        if answers is not None:
            host.respond_from(answers)
        for package in packages:
            _load_and_start(host, package)
        config = uvicorn.Config(
            application(host, real_time=True), host="127.0.0.1", port=port, log_level="warning", ws_max_size=1 << 20
        )
        server = uvicorn.Server(config)
        _announce(server, host)
        server.run()


def _load_and_start(host: Host, package: PluginPackage) -> None:
    plugin = host.load(package)
    plugin.start()
    state = f"{plugin.id}: {plugin.state}"
    click.echo(state if plugin.is_running else f"{state}, {plugin.why()}", err=True)


def _announce(server: Any, host: Host) -> None:  # noqa: ANN401 - uvicorn's
    """Say where the server listens, once it does."""
    startup: Callable[..., Any] = server.startup

    async def and_say_so(*arguments: Any, **more: Any) -> None:  # noqa: ANN401 - uvicorn's
        await startup(*arguments, **more)
        for listening in server.servers:
            for socket in listening.sockets:
                port = socket.getsockname()[1]
                click.echo(f"listening on http://127.0.0.1:{port} with {len(host.plugins)} plugins", err=True)

    server.startup = and_say_so


if __name__ == "__main__":
    main()
