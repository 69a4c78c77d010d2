"""Canaries: what lies around a plugin's tree of files, and what it must neither change nor know (contract §8)."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from refhost.storage import DIRECTORY, folder_name
from refhost.wasi.vfs.vfs import LAYOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from conformance.drivers.interface import Session


def secret_of(name: str) -> str:
    """A word that no plugin can guess or come upon."""
    return f"canary-{hashlib.sha256(name.encode()).hexdigest()[:24]}"


def heard(session: Session, secret: str) -> str:
    """Where the plugin has put a secret, in words; "" where it knows nothing of it."""
    places = {
        "a delta that it emitted": (claim.text for claim in session.claims),
        "its log": (record.text for record in session.log),
        "its status": (session.status, session.error),
        "its configuration": (str(session.configuration),),
        "an HTTP request": (request.url for request in session.requests),
        "a stream": (message.data.decode("utf-8", "replace") for message in session.streams),
        "a file of its own": (data.decode("utf-8", "replace") for data in session.files.values()),
    }
    return next((place for place, texts in places.items() if any(secret in text for text in texts)), "")


@dataclass(frozen=True)
class Surroundings:
    """A real directory with a server's configuration in it, and canaries all around the place of one plugin.

    Attributes:
        base: the directory; the server's own is `server` in it.
        plugin_id: whose place it is.
    """

    base: Path
    plugin_id: str

    @property
    def server(self) -> Path:
        """The server's configuration directory (contract §8)."""
        return self.base / "server"

    @property
    def place(self) -> Path:
        """The plugin's directory; its tree is `vfs` in it."""
        return self.server / DIRECTORY / folder_name(self.plugin_id)

    def plant(self, secret: str) -> None:
        """Put canaries above, beside and right around the plugin's tree."""
        for path in (
            self.base / "canary.txt",
            self.server / "settings.json",
            self.server / DIRECTORY / "canary.json",
            self.server / DIRECTORY / "canary" / "vfs" / "data" / "canary.txt",
            self.place / "canary.txt",
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(secret)
        for name in LAYOUT:  # as the server makes them, so that there is nothing for it to change
            (self.server / DIRECTORY / "canary" / "vfs" / name).mkdir(exist_ok=True)

    def around(self) -> Mapping[str, str]:
        """All that is not the plugin's own, each path with what it is; its {id}.json the server itself writes."""
        tree, config = self.place / "vfs", self.place.with_name(f"{self.place.name}.json")
        outside = (path for path in _walk(self.base) if path != config and tree not in (path, *path.parents))
        return {str(path.relative_to(self.base)): _what(path) for path in outside}

    def links_out(self) -> list[str]:
        """The links in the plugin's tree that lead out of it."""
        tree = self.place / "vfs"
        links = (path for path in _walk(tree) if path.is_symlink())
        root = os.path.realpath(tree)  # of a link to itself too, where Path.resolve raises
        return [f"/{p.relative_to(tree)}" for p in links if not f"{os.path.realpath(p)}/".startswith(f"{root}/")]


def _walk(directory: Path) -> Iterator[Path]:
    """Everything below a directory; no link is followed."""
    for folder, names, files in os.walk(directory):
        yield from (directory / folder / name for name in sorted([*names, *files]))


def _what(path: Path) -> str:
    if path.is_symlink():
        return f"a link to {path.readlink()}"
    return "a directory" if path.is_dir() else f"a file, {hashlib.sha256(path.read_bytes()).hexdigest()}"
