"""A plugin's words on their way to a person: nothing in them may act on a terminal or a page."""

from __future__ import annotations

import unicodedata

# Control characters, formatting characters (they can turn the direction of a line), surrogates, private use.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def printable(text: str, *, limit: int = 400) -> str:
    """The text with everything that cannot be seen written as an escape, and cut at `limit` characters.

    Line ends stay where the host's own messages have them.
    """
    cut = text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
    return "".join(
        character
        if character == "\n" or unicodedata.category(character) not in _UNSEEN
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in cut
    )
