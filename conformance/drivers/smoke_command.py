"""The command `smoke` of `python -m conformance`."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable


@click.command()
@click.argument("host", metavar="exec:COMMAND|signalk-server")
@click.option("--lines", is_flag=True, help="Print every line of the protocol, > to the driver and < from it.")
@click.option("--seconds", default=15.0, show_default=True, help="How long a request may take.")
@click.pass_context
def smoke(context: click.Context, host: str, *, lines: bool, seconds: float) -> None:
    """Take the simplest plugin through a host and its driver, step by step, and say what came back."""
    from conformance.drivers.exec_driver import PREFIX, ExecDriver  # noqa: PLC0415 - a command loads what it needs
    from conformance.drivers.process import Bounds  # noqa: PLC0415 - as above
    from conformance.drivers.smoke import Outcome, walk  # noqa: PLC0415 - as above
    from refhost.printing import printable  # noqa: PLC0415 - as above

    if host == "signalk-server":
        from conformance.drivers.signalk_server import SignalkServerDriver  # noqa: PLC0415 - as above

        server = context.with_resource(closing(SignalkServerDriver()))
        host = f"{PREFIX}{server.command('whole')}"
    if not host.startswith(PREFIX):
        raise click.UsageError(f"{host!r} is no host with a driver: write {PREFIX} and the command that starts it.")

    def show(direction: str, line: bytes) -> None:
        click.echo(f"{direction} {printable(line.decode('utf-8', 'replace').rstrip(), limit=2000, lines=False)}")

    watch: Callable[[str, bytes], None] = show if lines else lambda *_: None
    steps = walk(ExecDriver(host, bounds=Bounds(seconds=seconds, hello_seconds=seconds), watch=watch))
    for step in steps:
        click.echo(step)
    context.exit(0 if all(step.outcome is Outcome.OK for step in steps) else 1)
