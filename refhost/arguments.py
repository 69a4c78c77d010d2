"""What a user gives on a command line: JSON, in the words themselves or in a file; and what to say when it is none."""

from __future__ import annotations

import gzip
import shlex
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from refhost.errors import ConfigurationError
from refhost.jsontext import NotJson, loads
from refhost.limits import Limits
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedIOBase

    from refhost.errors import HostError

LONGEST_LINE = Limits().message_bytes
"""How many bytes a line may have: no delta that a plugin takes is longer (contract §19)."""

_GZIP = b"\x1f\x8b"


def json_value(text: str, *, hint: str = "") -> Any:  # noqa: ANN401 - JSON
    """A JSON value.

    Raises:
        ConfigurationError: it is not JSON; `hint` says what would be right.
    """
    try:
        text.encode()  # bytes on a command line may be in no encoding: Python makes halves of surrogate pairs of them
        return loads(text)
    except UnicodeEncodeError:
        raise ConfigurationError(f"{text[:60]!r} is not UTF-8.", hint=hint) from None
    except NotJson as error:
        raise ConfigurationError(f"{text[:60]!r} is not JSON: {error}.", hint=hint) from None


def json_object(text: str, *, hint: str = "") -> dict[str, Any]:
    """A JSON object.

    Raises:
        ConfigurationError: it is something else.
    """
    value = json_value(text, hint=hint)
    if not isinstance(value, dict):
        raise ConfigurationError(f"{text[:60]!r} is JSON, but not an object.", hint=hint)
    return value


def json_object_or_file(text: str, *, folder: Path | None = None, hint: str = "") -> dict[str, Any]:
    """A JSON object, or with `@FILE` the one in a file; its path is relative to `folder`, by default the working one.

    Raises:
        ConfigurationError: the file cannot be read, or there is no object.
    """
    if text.startswith("@"):
        text = text_in((folder or Path()) / text[1:])
    return json_object(text, hint=hint)


def text_in(file: Path) -> str:
    """The text of a file.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        return file.read_text("utf-8")
    except (OSError, ValueError) as error:  # among them a name that no file system takes
        raise unreadable(file, error) from None


def lines_in(file: Path) -> Iterator[str]:
    """The lines of a file, of which never more than one is in memory; one made by gzip is unpacked on the way.

    Raises:
        ConfigurationError: it cannot be read, or a line is longer than `LONGEST_LINE`.
    """
    try:
        with file.open("rb") as opened:
            if opened.peek(len(_GZIP)).startswith(_GZIP):
                with gzip.open(opened) as unpacked:
                    yield from lines_of(unpacked, file)
            else:
                yield from lines_of(opened, file)
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise unreadable(file, error) from None


def lines_of(stream: IO[bytes] | BufferedIOBase, name: Path | str) -> Iterator[str]:
    """The lines of a stream as they come, without what ends them.

    Args:
        stream: of UTF-8.
        name: what errors call it.

    Raises:
        ConfigurationError: a line is not UTF-8, or longer than `LONGEST_LINE`.
    """
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise ConfigurationError(f"{name} cannot be read: its line {number} is longer than {LONGEST_LINE} bytes.")
        try:
            yield line.decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise unreadable(name, error) from None


def unreadable(what: Path | str, error: Exception) -> ConfigurationError:
    """Why a file or a stream of text cannot be read."""
    if isinstance(error, UnicodeDecodeError):
        reason: object = "it is not UTF-8"
    elif isinstance(error, (gzip.BadGzipFile, EOFError, zlib.error)):
        reason = "what gzip has packed there is damaged, or its end is missing"
    else:
        reason = getattr(error, "strerror", None) or error
    return ConfigurationError(f"{what} cannot be read: {reason}.")


def example(option: str, value: str) -> str:
    """The hint that shows what an option takes."""
    return f"Give a JSON object, such as {option}={shlex.quote(value)}."


def sentence(where: str, error: HostError) -> str:
    """An error as one line for a person; `where` names the option or file that it is about, "" for none."""
    message = error.message if error.message.rstrip().endswith((".", "?")) else f"{error.message}."
    # It may quote names out of a package or a binary: those must neither act on the terminal nor begin a line.
    line = f"{f'{where}: ' if where else ''}{message} {error.hint}".strip()
    return printable(line, limit=4000, lines=False)
