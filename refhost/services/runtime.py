"""What AssemblyScript's runtime asks of its host: `abort` and `seed` (contract §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from refhost.errors import PluginAbort

if TYPE_CHECKING:
    import random


class RuntimeService:
    """Serves one plugin."""

    def __init__(self, randomness: random.Random) -> None:
        self._randomness = randomness

    def seed(self) -> float:
        """A seed for `Math.random`: of the host's own randomness, so the same in every run."""
        return self._randomness.random()

    @staticmethod
    def abort(message: str, file: str, line: int, column: int) -> NoReturn:
        """End the running call (R6).

        Raises:
            PluginAbort: always.
        """
        told = f": {message!r}" if message else ""
        place = f"{file!r}" if file else "an unnamed file"
        raise PluginAbort("", f"aborted{told} (in {place}, line {line}, column {column})")
