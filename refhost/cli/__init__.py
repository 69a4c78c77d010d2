"""`refhost`: look into a plugin, run it over deltas, serve it on this machine."""

from __future__ import annotations

import sys
from typing import Any

import click

from refhost.arguments import sentence
from refhost.cli.inspect import inspect_command
from refhost.cli.run import run_command
from refhost.cli.serve import serve_command
from refhost.errors import HostError, LinkError
from refhost.wasi.command import wasi_command

__all__ = ["main"]


class _Commands(click.Group):
    """Turns what the host refuses into a sentence and exit code 2, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click has it
        """Run a command."""
        try:
            return super().invoke(ctx)
        except LinkError as error:
            raise click.UsageError(str(error)) from None  # a list, whose lines are the host's own
        except HostError as error:
            raise click.UsageError(sentence("", error)) from None
        except BrokenPipeError:
            sys.stderr.close()  # the reader has gone: `refhost run … | head`
            raise SystemExit(0) from None


@click.group(cls=_Commands)
@click.version_option(package_name="pytest-signalk-wasm")
def main() -> None:
    """The reference host for Signal K WebAssembly plugins."""


for _command in (inspect_command, run_command, serve_command, wasi_command):
    main.add_command(_command)
