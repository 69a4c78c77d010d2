"""A stranger's JSON Schema, made fit for use: no reference is left in it, and nothing in it can run for years.

The schema is a plugin's own text. A `$ref` to elsewhere is never fetched, one to itself is not followed without end,
and a regular expression that could take exponential time is never tried.
"""

from __future__ import annotations

import functools
import re
import warnings
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import jsonschema

from refhost.errors import ConfigurationError
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Schema = bool | dict[str, Any]

# Far more than any form for people has. What is referred to counts at each place that refers to it.
_MOST_NODES = 2000
_DEEPEST = 30
# How often a schema may contain itself; deeper inside nothing is allowed.
_REPEATED = 2
# A text that is matched against a pattern is at most so long.
_MATCHED = 200

_LISTS = ("allOf", "anyOf", "oneOf")
_SINGLE = ("additionalProperties", "additionalItems", "contains", "propertyNames", "if", "then", "else", "not")
# Where less is allowed inside of these, more is allowed outside.
_TURNING = ("if", "not", "oneOf")
_NAMES_ONLY = ("definitions", "$defs", "$schema", "$id", "$comment")
_NOT_HANDLED = (
    "patternProperties",
    "prefixItems",
    "dependentSchemas",
    "dependentRequired",
    "unevaluatedItems",
    "unevaluatedProperties",
    "$dynamicRef",
    "$recursiveRef",
)


class UsableSchema:
    """A schema by draft 7, without references.

    Args:
        schema: as parsed.

    Attributes:
        root: the whole.

    Raises:
        ConfigurationError: no use can be made of it; the message says why.
    """

    def __init__(self, schema: object) -> None:
        self._whole = schema
        self._nodes = 0
        self.root = self._opened(schema, ())
        try:
            jsonschema.Draft7Validator.check_schema(self.root)
        except jsonschema.SchemaError as error:
            raise _unusable(f"by JSON Schema it is none: {error.message}") from None

    def accepts(self, value: object, part: Schema | None = None) -> bool:
        """Whether a value is valid by it, or by a part of it."""
        return bool(_Validator(self.root if part is None else part).is_valid(value))

    def _opened(self, schema: object, path: tuple[str, ...], *, turned: bool = False) -> Schema:
        """A part with all that it refers to put into it; `path` has the keywords and references that lead to it."""
        self._nodes += 1
        if self._nodes > _MOST_NODES or len(path) > _DEEPEST:
            raise _unusable("it is too large, or nests too deep")
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            raise _unusable(f"{'/'.join(path) or 'the whole'} is not a schema")
        if "$ref" in schema:  # by draft 7, what stands beside it does not count
            return self._referred(schema["$ref"], path, turned=turned)
        for keyword in _NOT_HANDLED:
            if keyword in schema:
                raise _unusable(f"{keyword} is not handled here")
        if "pattern" in schema and not harmless(schema["pattern"]):
            if turned:
                raise _unusable(f"the pattern {schema['pattern']!r} could take years to match")
            return False
        return self._with_parts_opened(schema, path, turned=turned)

    def _with_parts_opened(self, schema: dict[str, Any], path: tuple[str, ...], *, turned: bool) -> Schema:
        found = {name: value for name, value in schema.items() if name not in _NAMES_ONLY}

        def inner(keyword: str, value: object) -> Schema:
            return self._opened(value, (*path, keyword), turned=turned or keyword in _TURNING)

        for keyword, value in found.items():
            if keyword in _SINGLE:
                found[keyword] = inner(keyword, value)
            elif keyword in _LISTS or (keyword == "items" and isinstance(value, list)):
                found[keyword] = [inner(keyword, each) for each in value] if isinstance(value, list) else value
            elif keyword == "items":
                found[keyword] = inner(keyword, value)
            elif keyword in ("properties", "dependencies") and isinstance(value, dict):
                found[keyword] = {
                    n: each if isinstance(each, list) else inner(keyword, each) for n, each in value.items()
                }
        return found

    def _referred(self, reference: object, path: tuple[str, ...], *, turned: bool) -> Schema:
        if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
            raise _unusable(f"it refers to {reference!r}, which is outside of it")
        if path.count(reference) >= _REPEATED:
            if turned:
                raise _unusable(f"{reference} contains itself")
            return False
        target = self._whole
        for part in unquote(reference).split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(target, dict) and name in target:
                target = target[name]
            elif isinstance(target, list) and name.isascii() and name.isdigit() and int(name) < len(target):
                target = target[int(name)]
            else:
                raise _unusable(f"it refers to {reference!r}, which is not there")
        return self._opened(target, (*path, reference), turned=turned)


def _unusable(reason: str) -> ConfigurationError:
    return ConfigurationError(printable(f"No configurations can be made from this schema: {reason}.", limit=300))


# Regular expressions.


@functools.lru_cache(maxsize=256)
def expression(pattern: str) -> re.Pattern[str]:
    """A pattern as JSON Schema means it: ASCII classes, and `$` is the very end of the text.

    Raises:
        re.error: it is none that Python has.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's, about what its own patterns may mean one day
        return re.compile(_with_plain_end(pattern), re.ASCII)


def _with_plain_end(pattern: str) -> str:
    found, in_class, at = [], False, 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            found.append(pattern[at : at + 2])
            at += 2
            continue
        in_class = character == "[" or (in_class and character != "]")
        found.append(r"\Z" if character == "$" and not in_class else character)
        at += 1
    return "".join(found)


_UNBOUNDED = re.compile(r"\*|\+|\{\d*,\}|\{\d*,?\d{3,}\}")
_QUANTIFIER = re.compile(r"\*|\+|\?|\{\d*,?\d*\}")
_MOST_UNBOUNDED = 3


def harmless(pattern: object) -> bool:
    """Whether a pattern is matched in time whatever the text; a harmless one may be called harmful, not the reverse.

    A group that is repeated holds neither a repetition without bound nor an alternative; few repetitions are without
    bound; nothing refers back or looks ahead.
    """
    if not isinstance(pattern, str) or len(pattern) > _MATCHED:
        return False
    try:
        expression(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    plain = re.sub(r"\\.", "x", pattern, flags=re.DOTALL)
    if re.search(r"\\[1-9]|\\[kg]", pattern) or re.search(r"\(\?[^:]", plain):
        return False
    plain = re.sub(r"\[\^?\]?[^\]]*\]", "x", plain).replace("(?:", "(")
    if len(_UNBOUNDED.findall(plain)) > _MOST_UNBOUNDED:
        return False
    group = re.compile(r"\(([^()]*)\)")
    while found := group.search(plain):
        inside, after = found[1], plain[found.end() :]
        repeated = _QUANTIFIER.match(after)
        if repeated and repeated[0] != "?" and ("|" in inside or _UNBOUNDED.search(inside)):
            return False
        # A group's repetition counts for the groups around it.
        kept = "x*" if _UNBOUNDED.search(inside) else "x|x" if "|" in inside else "x"
        plain = plain[: found.start()] + kept + after
    return True


def _matches(_validator: object, pattern: str, text: object, _schema: object) -> Iterator[jsonschema.ValidationError]:
    if isinstance(text, str) and not (len(text) <= _MATCHED and expression(pattern).search(text)):
        yield jsonschema.ValidationError(f"{text[:40]!r} does not match {pattern!r}")


_Validator: Callable[..., Any] = jsonschema.validators.extend(  # type: ignore[no-untyped-call]  # it has no types of its own
    jsonschema.Draft7Validator, {"pattern": _matches}
)
