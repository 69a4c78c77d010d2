"""`wasi:random`: bytes from a seeded generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.wasi.preview2.registry import misuse, wasi

if TYPE_CHECKING:
    import random

    from refhost.randomness import Randomness

MAX_BYTES = 1 << 20  # in one call: each byte takes 32 on its way through wasmtime-py


class RandomFunctions:
    """All three interfaces draw from one generator: under test nothing is unpredictable."""

    def __init__(self, random: random.Random | Randomness) -> None:
        self._random = random

    @wasi("wasi:random/random", "get-random-bytes")
    @wasi("wasi:random/insecure", "get-insecure-random-bytes")
    def get_random_bytes(self, length: int) -> bytes:
        """So many bytes."""
        if length > MAX_BYTES:
            raise misuse("wasi:random.get-random-bytes", f"{length} bytes at once; the limit is {MAX_BYTES} (§19)")
        return self._random.randbytes(length)

    @wasi("wasi:random/random", "get-random-u64")
    @wasi("wasi:random/insecure", "get-insecure-random-u64")
    def get_random_u64(self) -> int:
        """Eight bytes."""
        return self._random.getrandbits(64)

    @wasi("wasi:random/insecure-seed", "insecure-seed")
    def insecure_seed(self) -> tuple[int, int]:
        """Sixteen bytes."""
        return self._random.getrandbits(64), self._random.getrandbits(64)
