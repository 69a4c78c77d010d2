"""Plugins that are broken in one thing: for each requirement of plugins one that must fail it.

A mutant is an honest corpus plugin with its sources edited. `GROUP.toml` beside this module says how, a table for each
mutant, by its name: the requirement that it must fail, and a word where there is more than one.

    ["DELTA-003"]
    plugin = "twin-c"
    fault = "It emits an array, which is no value."
    [["DELTA-003".edits]]
    file = "plugin.c"
    old = 'what stands there, exactly once'
    new = 'what shall stand there'

An edit without `old` adds a file, with `base64` in place of `new` one that is no text; one with neither takes a file
away. Files of `common/` and `sdk/` can be edited too: what a twin is built with. `cut` is how many bytes of the binary
are left. `given` is the file that whoever tests it gives, where that is not the folder.

`built/` holds the binaries of those whose edits are of more than what is around a binary; `python -m corpus.build`
makes them. Data only, as all of the corpus: nothing here imports the host or the harness.
"""

from __future__ import annotations

import base64
import functools
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus import plugin

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BUILT", "Edit", "EditError", "Mutant", "mutants", "write", "write_sources"]

BUILT = Path(__file__).parent / "built"
"""The folder of the binaries."""

_SOURCES = frozenset({".c", ".h", ".rs", ".toml", ".ts", ".wit", ".zig"})
_CONFIGURES_A_COMPILER = frozenset({"asconfig.json"})
_SHARED = {
    "common": Path(__file__).parent.parent / "twins" / "common",
    "sdk": Path(__file__).parent.parent / "sdk" / "c",
}
_LEFT_OUT = shutil.ignore_patterns("node_modules", "build", "target")


class EditError(Exception):
    """An edit does not fit the sources that it is of."""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One change of one file.

    Attributes:
        file: relative to the plugin's folder.
        old: what stands there, exactly once; None where the whole file is new, or goes.
        new: what stands there instead, text or bytes; None where the file goes.
    """

    file: str
    old: str | None
    new: str | bytes | None

    @property
    def is_of_source(self) -> bool:
        """Whether the binary is made of this file."""
        return Path(self.file).suffix in _SOURCES or self.file in _CONFIGURES_A_COMPILER

    def apply(self, folder: Path) -> None:
        """Change the file.

        Raises:
            EditError: what should stand there does not, or more than once.
        """
        path = folder / self.file
        if self.new is None:
            path.unlink()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.old is None:
            path.write_bytes(self.new.encode() if isinstance(self.new, str) else self.new)
            return
        text = path.read_text("utf-8")
        if text.count(self.old) != 1:
            raise EditError(f"{self.file} has this {text.count(self.old)} times, and not once: {self.old!r}")
        path.write_text(text.replace(self.old, str(self.new)), "utf-8")


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A corpus plugin with one thing broken.

    Attributes:
        name: the requirement that it must fail, and a word where there is more than one.
        plugin: the corpus plugin that it is made from.
        fault: what is wrong with it, a sentence.
        edits: what is changed.
        cut: how many bytes of the binary are left; None for all of them.
        given: the file that whoever tests it gives, relative to the folder; "" for the folder.
    """

    name: str
    plugin: str
    fault: str
    edits: tuple[Edit, ...]
    cut: int | None
    given: str

    @property
    def requirement(self) -> str:
        """The id of the requirement that it must fail."""
        return self.name.partition(" ")[0]

    @property
    def is_compiled(self) -> bool:
        """Whether it has a binary of its own, and not that of the plugin that it is made from."""
        return any(edit.is_of_source for edit in self.edits)

    @property
    def binary(self) -> Path:
        """Where its binary is kept."""
        return (
            BUILT / f"{self.name.replace(' ', '-')}.wasm" if self.is_compiled else plugin(self.plugin) / "plugin.wasm"
        )


@functools.cache
def mutants() -> Mapping[str, Mutant]:
    """All mutants by their names, in the order of their files."""
    return {
        name: _mutant(name, row)
        for path in sorted(Path(__file__).parent.glob("*.toml"))
        for name, row in tomllib.loads(path.read_text("utf-8")).items()
    }


def write_sources(name: str, folder: Path) -> None:
    """Write what a mutant is built from, as far as it is not shared with others, into a folder that is not there yet.

    Raises:
        EditError: an edit does not fit.
    """
    mutant = mutants()[name]
    shutil.copytree(plugin(mutant.plugin), folder, ignore=_LEFT_OUT)
    for edit in mutant.edits:
        target = folder / edit.file
        shared = _SHARED.get(Path(edit.file).parts[0])
        if shared is not None and not target.exists():
            target.parent.mkdir(exist_ok=True)
            shutil.copy(shared / Path(edit.file).relative_to(Path(edit.file).parts[0]), target)
        edit.apply(folder)


def write(name: str, into: Path) -> Path:
    """Write a mutant's package, as its author has it, into a folder of its own below `into`; return what is given.

    Raises:
        EditError: an edit does not fit.
    """
    mutant = mutants()[name]
    folder = into / name.replace(" ", "-")
    write_sources(name, folder)
    binary = folder / "plugin.wasm"
    if binary.exists():  # else an edit took it away
        binary.write_bytes(mutant.binary.read_bytes()[: mutant.cut])
    return folder / mutant.given


def _mutant(name: str, row: dict[str, Any]) -> Mutant:
    edits = tuple(_edit(edit) for edit in row["edits"])
    return Mutant(
        name=name,
        plugin=row["plugin"],
        fault=row["fault"],
        edits=edits,
        cut=row.get("cut"),
        given=row.get("given", ""),
    )


def _edit(row: dict[str, str]) -> Edit:
    new = base64.b64decode(row["base64"]) if "base64" in row else row.get("new")
    return Edit(file=row["file"], old=row.get("old"), new=new)
