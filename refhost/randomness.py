"""What is random to a plugin: numbers from a seed."""

from __future__ import annotations

import functools
import random


class Randomness:
    """A generator that gets ready when it is first asked: few instances ask, and it takes longer than the rest of WASI.

    Args:
        seed: which numbers come: those of `random.Random(seed)`.
    """

    def __init__(self, seed: float) -> None:
        self._seed = seed

    @functools.cached_property
    def _generator(self) -> random.Random:
        return random.Random(self._seed)

    def randbytes(self, count: int) -> bytes:
        """So many bytes."""
        return self._generator.randbytes(count)

    def getrandbits(self, count: int) -> int:
        """A number of so many bits."""
        return self._generator.getrandbits(count)
