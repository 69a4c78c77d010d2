"""Amber, the form in which syrupy writes snapshots, read back: only what JSON has."""

from __future__ import annotations

import ast
import textwrap
import warnings
from typing import Any

# Python's parser needs much memory for little text.
_MOST_CHARACTERS = 1_000_000


def parsed(text: str) -> Any:  # noqa: ANN401 - JSON
    """The data that was written; None where it cannot be told, since amber is made to be compared, not to be read."""
    if len(text) > _MOST_CHARACTERS:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a text of several lines stands there as it is, its backslashes too
            return _value(ast.parse(textwrap.dedent(text).strip().replace("\0", r"\0"), mode="eval").body)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _value(node: ast.expr) -> Any:  # noqa: ANN401 - JSON
    match node:
        case ast.Call(func=ast.Name(id="dict"), args=[ast.Dict(keys=keys, values=values)]):
            return {_value(key): _value(value) for key, value in zip(keys, values, strict=True) if key is not None}
        case ast.Call(func=ast.Name(id="list"), args=[ast.List(elts=entries)]):
            return [_value(entry) for entry in entries]
        case ast.Constant(value=str(text)) if "\n" in text:
            return textwrap.dedent(text).strip("\n")  # a text of several lines is indented
        case ast.Constant(value=value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
    raise ValueError(ast.dump(node)[:60])
