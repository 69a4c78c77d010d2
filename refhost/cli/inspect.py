"""`refhost inspect`: what is in a plugin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from refhost.cli.options import PLUGIN
from refhost.inspection import inspect
from refhost.package import read_package

if TYPE_CHECKING:
    from pathlib import Path


@click.command("inspect")
@PLUGIN
@click.option("--json", "as_json", is_flag=True, help="For a program to read.")
def inspect_command(plugin: Path, *, as_json: bool) -> None:
    """Say what is in a plugin: dialect, imports, exports, capabilities, and which hosts can link it."""
    found = inspect(read_package(plugin))
    click.echo(json.dumps(found.to_json(), indent=2) if as_json else found.to_text())
