"""What crosses the boundary otherwise in the server, which is JavaScript."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from refhost.profiles import Switches

# What JavaScript's Number() takes of texts that are JSON; the rest is not a number.
_DECIMAL = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def as_i32(json: str) -> int:
    """What JavaScript passes to a WebAssembly export in the place of a number, given the text of a value (D46)."""
    number = float(json) if _DECIMAL.fullmatch(json) else math.nan
    if not math.isfinite(number):
        return 0
    wrapped = math.trunc(number) & 0xFFFFFFFF
    return wrapped - (1 << 32) if wrapped >> 31 else wrapped


def believed_length(length: int, size: int, export: str) -> int | None:
    """How much the server reads of what a plugin returned as a length (D51); None where it gives up.

    Args:
        length: as returned.
        size: of the buffer that was offered.
        export: that was called.
    """
    if length > size:
        return length
    return 0 if length < 0 and export in ("plugin_id", "plugin_name", "plugin_schema") else None


def decoded(data: bytes, encoding: str, switches: Switches, function: str) -> str:
    """A text that crosses the boundary; there, what is none becomes U+FFFD (TEXT).

    Raises:
        UnicodeDecodeError: it is no text, and the profile does not depart.
    """
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        if not switches.departs("TEXT", function):
            raise
        return data.decode(encoding, "replace")


# What npm's debug, which the server logs with, makes of a text that is its only argument.
_DIRECTIVE = re.compile(r"%[Oo%]")


def formatted(text: str) -> str:
    """A text as it comes out of the server's log, where it is taken for a format of nothing (FORMAT)."""
    return _DIRECTIVE.sub(lambda found: "%" if found[0] == "%%" else "undefined", text)
