"""What a run has written so far: emitted deltas, and records of the journal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from refhost.journal import Record
from refhost.printing import printable, printable_json

if TYPE_CHECKING:
    from refhost.host import Host

_ERASE_LINE = "\r\x1b[K"


class Output:
    """Deltas and answers go to standard output as JSON lines, the log to standard error.

    Args:
        host: whose deltas and log.
        as_json: whether the log is written as JSON lines too.

    Attributes:
        beside_bar: whether a progress bar stands on the terminal, which is to be wiped before anything is written.
    """

    def __init__(self, host: Host, *, as_json: bool) -> None:
        self._host = host
        self._as_json = as_json
        self._deltas = 0
        self._records = 0
        self.beside_bar = False

    def write(self) -> None:
        """Write what is new."""
        # Only what is new is looked at: this runs after every delta of a log, however long the log is.
        bus = self._host.bus
        self._deltas = max(self._deltas, bus.forgotten)
        while (emission := bus.emission(self._deltas)) is not None:
            self.answer(emission.delta)
            self._deltas += 1
        for record in self._host.log[self._records :]:
            self._log(record)
        self._records = len(self._host.log)

    def answer(self, value: dict[str, Any]) -> None:
        """Write a line to standard output."""
        if sys.stdout.isatty():
            self._wipe()
        click.echo(printable_json(value))

    def end(self, message: str) -> None:
        """Say why the run ends, as the last words of the log."""
        if self._as_json:
            self._log(Record(self._host.clock.timestamp(), "", "fault", "", message))
        else:
            click.echo(printable(message, limit=4000, lines=False), err=True)

    def _log(self, record: Record) -> None:
        self._wipe()
        line = printable_json(vars(record)) if self._as_json else printable(str(record), limit=sys.maxsize, lines=False)
        click.echo(line, err=True)

    def _wipe(self) -> None:
        if self.beside_bar:
            click.echo(_ERASE_LINE, nl=False, err=True)
