"""A plugin's words on their way to a person: nothing in them may act on a terminal or a page."""

from __future__ import annotations

import json
import unicodedata

from refhost.jsontext import dumps

# Control characters, formatting characters (they can turn the direction of a line), surrogates, private use.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def printable(text: str, *, limit: int = 400, lines: bool = True) -> str:
    """The text with everything that cannot be seen written as an escape, and cut at `limit` characters.

    With `lines`, line ends stay, as in the host's own messages. Where a plugin speaks they must not: what
    follows one could pass for the host's own words.
    """
    cut = text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
    return "".join(
        character
        if (lines and character == "\n") or unicodedata.category(character) not in _UNSEEN
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in cut
    )


def printable_json(value: object) -> str:
    """JSON on one line in which everything that cannot be seen is escaped, as JSON does it: the same to a program."""
    text = dumps(value)
    if text.isprintable():
        return text
    return "".join(
        json.dumps(character)[1:-1] if unicodedata.category(character) in _UNSEEN else character for character in text
    )
