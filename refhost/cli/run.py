"""`refhost run`: a plugin over a log of deltas, in virtual time."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from refhost.arguments import example, json_object_or_file, lines_in, lines_of
from refhost.cli import options
from refhost.cli.options import given
from refhost.cli.output import Output
from refhost.cli.requests import Request
from refhost.plugin import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Fewer deltas are over before a person has looked.
_MANY = 1000
# More often a bar need not move.
_STEPS = 500
_MOST_SECONDS = 1e9


def _span(text: str) -> float:
    """A span of virtual time, in seconds."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _MOST_SECONDS:
        raise click.BadParameter(f"{text!r} is not a number from 0 to {_MOST_SECONDS:g}.")
    return seconds


@click.command("run")
@options.PLUGIN
@click.option(
    "--config",
    metavar="JSON|@FILE",
    help="The configuration to start with; the one saved in --directory, or an empty one, otherwise.",
)
@options.CAPABILITIES
@click.option(
    "--deltas",
    type=click.Path(),
    metavar="FILE",
    help="A file of deltas, one a line, which gzip may have packed; - for standard input.",
)
@click.option(
    "--request",
    "requests",
    multiple=True,
    metavar="'METHOD PATH [JSON]'",
    help="Ask as a client does, after the last delta; repeatable. PATH is that of a page, such as "
    "/plugins/ID/api/status, or a Signal K path, such as navigation.anchor.maxRadius.",
)
@click.option(
    "--speed",
    type=_span,
    metavar="SECONDS",
    default=0.0,
    help="Virtual time that passes after each delta and each request.",
    show_default=True,
)
@click.option(
    "--seconds",
    type=_span,
    metavar="SECONDS",
    default=0.0,
    help="Virtual time to go on for at the end.",
    show_default=True,
)
@options.SEED
@options.ANSWERS
@options.DIRECTORY
@options.PROFILE
@click.option("--json", "as_json", is_flag=True, help="Write the log as JSON lines too.")
def run_command(
    plugin: Path,
    *,
    config: str | None,
    capabilities: str | None,
    deltas: str | None,
    requests: tuple[str, ...],
    speed: float,
    seconds: float,
    seed: int,
    answers: Path | None,
    directory: Path | None,
    profile: str,
    as_json: bool,
) -> None:
    """Run a plugin over a log of deltas.

    What it emits goes to standard output as JSON lines; between them each request's answer: {"request", "status",
    "body"}. The log goes to standard error. The same seed gives the same bytes.
    """
    package = options.read_plugin(plugin, capabilities)
    configuration = _configuration(config)
    log = _log_of(deltas)
    with given("--request"):
        asked = [Request.parse(text) for text in requests]
    with options.opened_host(seed=seed, directory=directory, answers=answers, profile=profile) as host:
        loaded = options.load_as_at_start(host, package)
        output = Output(host, as_json=as_json)
        loaded.start(configuration)
        output.write()
        if loaded.state is State.ERROR:
            output.end(f"The plugin did not start: {loaded.why()}")
            raise SystemExit(1)
        for number, line in _counted(log, output):
            if line.strip():
                with given(f"--deltas, line {number}"):
                    host.publish_delta(line)
                host.advance(speed)
                output.write()
        for request in asked:
            answer = request.perform(host)
            output.write()
            output.answer(answer)
            host.advance(speed)
            output.write()
        host.advance(seconds)
        output.write()
        failed = not loaded.is_running
        loaded.stop()
        output.write()
        if failed:
            output.end(f"The plugin ended badly: {loaded.why()}")
            raise SystemExit(1)


def _configuration(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    with given("--config"):
        return json_object_or_file(text, hint=example("--config", '{"interval": 5}'))


@dataclass(frozen=True)
class _Log:
    """The lines of a log of deltas, and how many there are; 0 where that is not known before the last has come."""

    lines: Iterable[str] = ()
    count: int = 0


def _log_of(path: str | None) -> _Log:
    """A log, which is read as it is needed. A file is read once before: nothing runs when there is a fault in it."""
    if path is None:
        return _Log()
    if path == "-":
        return _Log(lines_of(click.open_file("-", "rb"), "standard input"))
    file = Path(path)
    with given("--deltas"):
        # A pipe, such as a shell's <(command), can be read only once.
        once = file.exists() and not file.is_file() and not file.is_dir()
        return _Log(lines_in(file), 0 if once else sum(1 for _ in lines_in(file)))


def _counted(log: _Log, output: Output) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, and with a bar on a terminal when there are many."""
    output.beside_bar = log.count >= _MANY and sys.stderr.isatty()
    shown = click.progressbar(
        log.lines,
        log.count or None,
        label="deltas",
        file=sys.stderr,
        hidden=not output.beside_bar,
        update_min_steps=log.count // _STEPS or 1,
    )
    with given("--deltas"), shown as bar:
        yield from enumerate(bar, 1)
    output.beside_bar = False
