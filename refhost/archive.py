"""Archives of `npm pack`, read in memory and within bounds: an archive can claim, and unpack to, any size."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, cast

from refhost.errors import PackageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What a reader may take at once while it looks through headers: some kinds of them are read whole, however large.
_HEADER_BYTES = 1024 * 1024
_BLOCK = 512


class _Unpacked:
    """The unpacked bytes, as `tarfile` reads them; reading more than a package can need is refused."""

    def __init__(self, stream: IO[bytes], path: Path, limit: int) -> None:
        self._stream = stream
        self._path = path
        self._limit = limit
        self.at_once = _HEADER_BYTES

    def too_much(self) -> PackageError:
        return PackageError(f"{self._path} unpacks to more than {self._limit // 2**20} MiB: no plugin does.")

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= self.at_once or self._stream.tell() + size > self._limit:
            raise self.too_much()
        return self._stream.read(size)

    def seek(self, position: int) -> int:
        return self._stream.seek(position)

    def tell(self) -> int:
        return self._stream.tell()


class Archive:
    """The plain files of an archive.

    Attributes:
        files: by the path within the archive. Of two with one path the later one counts, as when it is unpacked.
    """

    def __init__(self, path: Path, unpacked: _Unpacked, archive: tarfile.TarFile, limit: int, file_limit: int) -> None:
        self._path = path
        self._unpacked = unpacked
        self._archive = archive
        self._file_limit = file_limit
        self.files: dict[PurePosixPath, tarfile.TarInfo] = {}
        claimed = 0
        for member in archive:
            claimed += _BLOCK + member.size
            if claimed > limit:
                raise unpacked.too_much()
            if member.isfile():
                self.files[PurePosixPath(member.name)] = member

    def read(self, name: PurePosixPath) -> bytes:
        """The contents of a file.

        Raises:
            PackageError: it is not there, or is larger than a file of a package can be.
        """
        member = self.files.get(name)
        stream = self._archive.extractfile(member) if member else None
        if member is None or stream is None:
            raise PackageError(
                f"{self._path} does not contain {name}.",
                hint='Does "files" in package.json list it? npm pack leaves out the rest.',
            )
        if member.size > self._file_limit:
            raise PackageError(f"{name} in {self._path} is larger than {self._file_limit // 2**20} MiB: no plugin is.")
        self._unpacked.at_once = self._file_limit
        try:
            return stream.read()
        finally:
            self._unpacked.at_once = _HEADER_BYTES


@contextmanager
def opened(path: Path, *, limit: int, file_limit: int) -> Iterator[Archive]:
    """Open an archive; nothing of it is ever written to the disk.

    Args:
        path: of the archive.
        limit: how many bytes all of it may unpack to.
        file_limit: how many bytes one file of it may have.

    Raises:
        PackageError: it is none, it is damaged, or it unpacks to more than the limits.
    """
    try:
        with gzip.open(path, "rb") as stream:
            unpacked = _Unpacked(cast("IO[bytes]", stream), path, limit)
            with tarfile.open(fileobj=cast("IO[bytes]", unpacked), mode="r:") as archive:
                yield Archive(path, unpacked, archive, limit, file_limit)
    except (tarfile.TarError, zlib.error, OSError, EOFError, ValueError, OverflowError, RecursionError) as error:
        raise PackageError(f"{path} is not an archive of npm pack: {error}.") from None
