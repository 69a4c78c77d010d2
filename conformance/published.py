"""What of a package its users get: the files that `npm pack` publishes, from a folder or out of an archive."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from conformance.npm_pack import Unreadable, packed
from conformance.verdict import NotJudged
from refhost.errors import HostError
from refhost.package import MANIFEST, opened_archive

if TYPE_CHECKING:
    from refhost.package import PluginPackage

_ARCHIVED = f"!package/{MANIFEST}"
_GIVE_THE_ARCHIVE = "Give the .tgz that `npm pack` makes instead of the folder."
# No image that a person waits for is larger; more is not read.
_MOST_BYTES = 16 * 1024 * 1024


class Published:
    """The files of a package as its users get them.

    Args:
        package: one with a package.json.
    """

    def __init__(self, package: PluginPackage) -> None:
        self._manifest = package.manifest
        manifest_path = Path(package.manifest_path)
        self._archive = None if manifest_path.is_file() else Path(package.manifest_path.removesuffix(_ARCHIVED))
        self.folder = manifest_path.parent if self._archive is None else None

    @cached_property
    def files(self) -> frozenset[str]:
        """The files, as paths below the package with `/`.

        Raises:
            NotJudged: it cannot be said which.
        """
        try:
            if self.folder is not None:
                return packed(self.folder, self._manifest)
            with opened_archive(self._archive or Path()) as archive:
                inside = (name.parts[1:] for name in archive.files if name.parts[:1] == ("package",))
                return frozenset("/".join(parts) for parts in inside if parts)
        except Unreadable as error:
            raise NotJudged(f"what npm would publish is not known: {error}. {_GIVE_THE_ARCHIVE}") from None
        except (OSError, HostError) as error:
            raise NotJudged(f"what npm would publish is not known: {error}") from None

    @cached_property
    def unpublished(self) -> frozenset[str]:
        """The files that lie in the package's folder and stay there; `node_modules` and `.git` are passed over."""
        found: set[str] = set()
        for here, folders, names in os.walk(self.folder) if self.folder is not None else ():
            folders[:] = [name for name in folders if name not in {"node_modules", ".git"}]
            inside = Path(here).relative_to(self.folder or here)
            found.update((inside / name).as_posix() for name in names)
        return frozenset(found) - self.files

    def read(self, path: str) -> bytes:
        """The beginning of one of the files, all of it where it is of a common size.

        Raises:
            NotJudged: it cannot be read.
        """
        try:
            if self.folder is not None:
                with (self.folder / path).open("rb") as file:
                    return file.read(_MOST_BYTES)
            with opened_archive(self._archive or Path()) as archive:
                return archive.read(PurePosixPath("package") / path)[:_MOST_BYTES]
        except (OSError, HostError) as error:
            raise NotJudged(f"{path} cannot be read: {error}") from None
