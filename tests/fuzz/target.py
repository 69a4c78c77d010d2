"""What a target is: a parser of other people's bytes, with inputs that mean something to it."""

from __future__ import annotations

import re
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from refhost.arguments import sentence
from refhost.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Callable

CORPUS = Path(__file__).parents[2] / "corpus"
# What must not reach a terminal: escapes, and halves of surrogate pairs, which no terminal can be sent at all.
_ACTS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e]")


@dataclass(frozen=True)
class Target:
    """A parser.

    Attributes:
        run: takes an input; whatever it raises is a finding.
        seeds: inputs that mean something.
        words: what inputs are made of.
        share: how many of a thousand inputs are for it: fewer, where each takes long.
        longest: how many bytes an input may have.
    """

    run: Callable[[bytes], None]
    seeds: Callable[[], tuple[bytes, ...]]
    words: tuple[bytes, ...]
    share: int
    longest: int = 16384


JSON_WORDS = (
    b'"', b"[", b"]", b"{", b"}", b",", b":", b"null", b"true", b"NaN", b"Infinity", b"-", b"1e999", b'"":', b"{}", b"[]",
    b'"\\ud800"', b"\\u0000", b'"\\u001b[2J"', b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xe2\x80\xae", b'"__proto__":', b"\x00",
)  # fmt: skip


def text_of(data: bytes) -> str:
    """The text that a plugin's bytes come to on their way in."""
    return data.decode("utf-8", "replace")


@contextmanager
def told():
    """What is refused must be refused in a sentence that can be shown to a person."""
    try:
        yield
    except HostError as error:
        said = sentence("", error)
        assert said, "an error without a word"
        assert not _ACTS.search(said), f"an error that acts on a terminal: {said!r}"


@cache
def folder() -> Path:
    """A folder of this process, gone with it; in memory where the system has that."""
    memory = Path("/dev/shm")
    kept = tempfile.TemporaryDirectory(prefix="fuzz-", dir=memory if memory.is_dir() else None)
    folder.kept = kept
    return Path(kept.name)


def file_of(data: bytes, name: str) -> Path:
    """A file that holds an input."""
    path = folder() / name
    path.write_bytes(data)
    return path


@cache
def some_deltas() -> tuple[bytes, ...]:
    """Deltas of the corpus, one each."""
    lines = [
        line for name in ("ordinary", "edge") for line in (CORPUS / f"deltas/{name}.jsonl").read_bytes().splitlines()
    ]
    return tuple(line for line in lines if 0 < len(line) < 1500)
