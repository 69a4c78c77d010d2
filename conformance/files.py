"""Files that are old or new, never half: reports and baselines, which others may read while they are written."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from refhost.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


def replace_text(path: Path, text: str) -> None:
    """Put a text into a file, in the place of what it held.

    Raises:
        OSError: it cannot be written; the file is as it was.
    """
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.write_text(text, encoding="utf-8", newline="\n")
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def writable(folder: Path) -> None:
    """Make a folder where there is none, and find out whether files can be written there.

    Raises:
        ConfigurationError: they cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (FileExistsError, NotADirectoryError):
        raise ConfigurationError(f"{folder} is no folder: a file is in its place.") from None
    except (OSError, ValueError) as error:  # among them a name that no file system takes
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(f"{folder} cannot be written to: {reason}.") from None
