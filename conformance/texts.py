"""Texts of plugins that are in another encoding than the host takes them for."""

from __future__ import annotations

# AssemblyScript keeps its texts so, and hands out their place in memory without a word.
IN_UTF16 = "it is in UTF-16, where UTF-8 belongs"
MEND_UTF16 = "In AssemblyScript pass String.UTF8.encode(text), and its byteLength: not the text itself, nor its length."
_LOOKED_AT = 40


def is_utf16(text: str) -> bool:
    """Whether a text that was read as UTF-8 has a NUL behind every character, as Latin letters in UTF-16 have it."""
    begin = text[:_LOOKED_AT]
    return len(begin) > 3 and not begin[1::2].strip("\0") and "\0" not in begin[::2]
