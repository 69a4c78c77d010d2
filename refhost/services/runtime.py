"""What AssemblyScript's runtime asks of its host: `abort` and `seed` (contract §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.errors import PluginAbort
from refhost.profiles import BY_THE_BOOK, Switches

if TYPE_CHECKING:
    import random
    from collections.abc import Callable


class RuntimeService:
    """Serves one plugin."""

    def __init__(
        self, randomness: random.Random, log: Callable[[str], None] = lambda _: None, switches: Switches = BY_THE_BOOK
    ) -> None:
        self._randomness = randomness
        self._log = log
        self._switches = switches

    def seed(self) -> float:
        """A seed for `Math.random`: of the host's own randomness, so the same in every run."""
        return self._randomness.random()

    def abort(self, message: str, file: str, line: int, column: int) -> None:
        """End the running call (R6); there, it is logged, and returns (ABORT).

        Raises:
            PluginAbort: in every host that does not depart.
        """
        told = f": {message!r}" if message else ""
        place = f"{file!r}" if file else "an unnamed file"
        text = f"aborted{told} (in {place}, line {line}, column {column})"
        if not self._switches.departs("ABORT", "abort"):
            raise PluginAbort("", text)
        self._log(text)
