"""Modules of the host's own, written as WebAssembly text beside the modules of Python that use them."""

from __future__ import annotations

import re
from importlib import resources
from typing import TYPE_CHECKING

import wasmtime

if TYPE_CHECKING:
    from collections.abc import Mapping

# Characters that stand for the number that they are in memory, of so many bytes: {{4:s":[}}.
_CHARACTERS = re.compile(r"\{\{([248]):(.+?)\}\}(?=[ )])")
_NAMED = re.compile(r"\{\{([a-z ]+)\}\}")


def text_of(name: str) -> str:
    """A text that lies here, such as `pump.wat`."""
    return resources.files("refhost.dialects").joinpath(name).read_text("utf-8")


def assembled(text: str, named: Mapping[str, str | int]) -> bytes:
    """A module out of text, without names: a trap inside of a plugin must not show those of the host's functions.

    Args:
        text: in which `{{name}}` stands for something else, and `{{8:characters}}` for a number.
        named: what stands for what; it may hold such names itself.
    """
    while _NAMED.search(text):
        text = _NAMED.sub(lambda match: str(named[match[1]]), text)
    return _without_names(bytes(wasmtime.wat2wasm(_CHARACTERS.sub(_number, text))))


def _number(match: re.Match[str]) -> str:
    size, number = int(match[1]), int.from_bytes(match[2].encode(), "little")
    return f"({'i64' if size == 8 else 'i32'}.const {number:#x})"


def _without_names(binary: bytes) -> bytes:
    """A module without its custom sections, of which that with the names of functions is one."""
    kept, at = [binary[:8]], 8
    while at < len(binary):
        section, size, behind = binary[at], 0, at + 1
        for shift in range(0, 35, 7):  # LEB128
            size |= (binary[behind] & 127) << shift
            behind += 1
            if binary[behind - 1] < 128:
                break
        if section:
            kept.append(binary[at : behind + size])
        at = behind + size
    return b"".join(kept)
