"""`refhost serve`: plugins on a live server on this machine."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from refhost.cli import options
from refhost.printing import printable, printable_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refhost.host import Host
    from refhost.package import PluginPackage

_MAX_MESSAGE = 1 << 20
# For requests that are half here when the server ends.
_FAREWELL_SECONDS = 1


@click.command("serve")
@click.argument("plugins", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=3000,
    help="The port on 127.0.0.1; 0 for any free one.",
    show_default=True,
)
@options.CAPABILITIES
@options.SEED
@options.ANSWERS
@options.DIRECTORY
@options.PROFILE
@click.option("--json", "as_json", is_flag=True, help="Say what happens as JSON lines.")
def serve_command(
    plugins: tuple[Path, ...],
    *,
    port: int,
    capabilities: str | None,
    seed: int,
    answers: Path | None,
    directory: Path | None,
    profile: str,
    as_json: bool,
) -> None:
    """Serve plugins on this machine: endpoints, PUT, resources and the delta stream, until Ctrl-C.

    All of them are started, with the configurations that are saved in --directory. What happens is said on standard
    error: each plugin's state, then where the server listens.
    """
    import uvicorn  # noqa: PLC0415 - the other commands have no use for it

    from refhost.server import application  # noqa: PLC0415 - the same

    packages = [options.read_plugin(path, capabilities) for path in plugins]
    with (
        _ended_by_signals(),
        _listening(port) as listener,
        options.opened_host(
            seed=seed, directory=directory, answers=answers, profile=profile, start=datetime.now(UTC)
        ) as host,
    ):
        for package in packages:
            _load_and_start(host, package, as_json=as_json)
        config = uvicorn.Config(
            application(host, real_time=True),
            log_level="warning",
            ws_max_size=_MAX_MESSAGE,
            timeout_graceful_shutdown=_FAREWELL_SECONDS,
        )
        logging.getLogger("uvicorn.error").addFilter(_is_no_broken_off_request)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        ids = list(host.plugins)
        _say(f"listening on {url} with {len(ids)} plugins", {"listening": url, "plugins": ids}, as_json=as_json)
        uvicorn.Server(config).run(sockets=[listener])


def _is_no_broken_off_request(record: logging.LogRecord) -> bool:
    """Whether a record of the server is worth a traceback: a client that goes in the middle of a request is not."""
    from starlette.requests import ClientDisconnect  # noqa: PLC0415 - the other commands have no use for it

    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, (asyncio.CancelledError, ClientDisconnect))


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the block, and be nothing to complain about: plugins are stopped on the way out."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise click.UsageError(f"--port: {port} cannot be listened on: {os.strerror(error.errno or 0)}.") from None
    with listener:
        yield listener


def _load_and_start(host: Host, package: PluginPackage, *, as_json: bool) -> None:
    plugin = options.load_as_at_start(host, package)
    plugin.start()
    state = {"plugin": plugin.id, "state": str(plugin.state)}
    if plugin.is_running:
        _say(f"{plugin.id}: {plugin.state}", state, as_json=as_json)
    else:
        why = plugin.why()
        _say(f"{plugin.id}: {plugin.state}, {why}", {**state, "why": why}, as_json=as_json)


def _say(text: str, facts: dict[str, Any], *, as_json: bool) -> None:
    click.echo(printable_json(facts) if as_json else printable(text, limit=4000, lines=False), err=True)
