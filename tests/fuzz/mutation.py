"""Inputs that nobody meant to write: seeds of a corpus, changed. The same seed and number give the same bytes."""

from __future__ import annotations

import random
import zlib

_BYTES = (0x00, 0x01, 0x0A, 0x20, 0x22, 0x2A, 0x2F, 0x5C, 0x7F, 0x80, 0xC0, 0xED, 0xF4, 0xFF)
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
# LEB128, in which WebAssembly writes every count and length: huge, longer than need be, and without an end.
_LEBS = (b"\xff\xff\xff\xff\x0f", b"\x80\x80\x80\x80\x80\x00", b"\xff" * 11, b"\x80\x80\x80\x80\x10", b"\x80" * 4)
_DIGITS = (
    b"0",
    b"-1",
    b"1e400",
    b"-0.0",
    b"9" * 400,
    b"1e-400",
    b"18446744073709551616",
    b"NaN",
    b"0.1e",
    b"2147483648",
)
_MOST_CHANGES = 6


def made(seeds: tuple[bytes, ...], words: tuple[bytes, ...], longest: int, seed: int, number: int) -> bytes:
    """The input of a number.

    Args:
        seeds: inputs that mean something.
        words: what inputs of this kind are made of.
        longest: how many bytes it may have.
        seed: of the whole run.
        number: from 0 up.
    """
    rng = random.Random((seed << 48) ^ number)
    draw = rng.random
    data = bytearray(seeds[int(draw() * len(seeds))])
    if draw() < 0.01:
        return rng.randbytes(int(draw() * 200))
    for _ in range(1 + int(draw() * draw() * _MOST_CHANGES)):
        _CHANGES[int(draw() * len(_CHANGES))](data, draw, seeds, words)
    return bytes(data[:longest])


def number_of(name: str) -> int:
    """A number for the name of a target, so that no two get the same inputs."""
    return zlib.crc32(name.encode())


def _at(data, draw):
    return int(draw() * (len(data) + 1))


def _flip(data, draw, seeds, words):
    if data:
        data[int(draw() * len(data))] ^= 1 << int(draw() * 8)


def _byte(data, draw, seeds, words):
    if data:
        data[int(draw() * len(data))] = _BYTES[int(draw() * len(_BYTES))]


def _any_byte(data, draw, seeds, words):
    data.insert(_at(data, draw), int(draw() * 256))


def _cut(data, draw, seeds, words):
    del data[_at(data, draw) :]


def _remove(data, draw, seeds, words):
    at = _at(data, draw)
    del data[at : at + 1 + int(draw() * draw() * 64)]


def _double(data, draw, seeds, words):
    at, length = _at(data, draw), 1 + int(draw() * draw() * 64)
    data[at:at] = data[at : at + length]


def _many(data, draw, seeds, words):
    """One piece, very often: what nests or counts is driven to its limits."""
    at, length = _at(data, draw), 1 + int(draw() * draw() * 16)
    data[at:at] = data[at : at + length] * (1 << int(draw() * 11))


def _word(data, draw, seeds, words):
    at = _at(data, draw)
    data[at:at] = words[int(draw() * len(words))]


def _word_instead(data, draw, seeds, words):
    at, word = _at(data, draw), words[int(draw() * len(words))]
    data[at : at + len(word)] = word


def _length(data, draw, seeds, words):
    """A length or offset of 16, 32 or 64 bits, of either order, with a value at the edge of what there is."""
    at, size = _at(data, draw), (2, 4, 8)[int(draw() * 3)]
    values = (*_NUMBERS, len(data), len(data) + 1)
    number = values[int(draw() * len(values))] & ((1 << 8 * size) - 1)
    data[at : at + size] = number.to_bytes(size, "little" if draw() < 0.5 else "big")


def _leb(data, draw, seeds, words):
    at, leb = _at(data, draw), _LEBS[int(draw() * len(_LEBS))]
    data[at : at + (1 if draw() < 0.5 else len(leb))] = leb


def _number(data, draw, seeds, words):
    """Another number, where one stands."""
    start = _at(data, draw)
    places = [place for place in range(start, min(start + 200, len(data))) if 0x30 <= data[place] <= 0x39][:1]
    for place in places:
        end = place
        while end < len(data) and 0x30 <= data[end] <= 0x39:
            end += 1
        data[place:end] = _DIGITS[int(draw() * len(_DIGITS))]


def _splice(data, draw, seeds, words):
    """The beginning of one with the end of another."""
    other = seeds[int(draw() * len(seeds))]
    del data[_at(data, draw) :]
    data += other[int(draw() * (len(other) + 1)) :]


def _piece(data, draw, seeds, words):
    """A piece of another in the middle."""
    other = seeds[int(draw() * len(seeds))]
    at, start = _at(data, draw), int(draw() * (len(other) + 1))
    data[at:at] = other[start : start + 1 + int(draw() * 64)]


_CHANGES = (
    _flip,
    _byte,
    _any_byte,
    _cut,
    _remove,
    _double,
    _many,
    _word,
    _word_instead,
    _length,
    _leb,
    _number,
    _splice,
    _piece,
)
