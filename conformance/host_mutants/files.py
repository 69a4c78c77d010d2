"""Mutants: faults of the tree of files, and of what else WASI shows."""

from __future__ import annotations

import errno
import functools
import random
from typing import TYPE_CHECKING, Any

from conformance.host_mutants.mutant import ends, instead, mutant, nothing
from refhost.dialects.buffer import BufferInstance
from refhost.errors import PluginExit
from refhost.lifecycle import Lifecycle
from refhost.runtime import PluginRuntime, _Lines
from refhost.storage import Storage
from refhost.wasi.preview1 import Preview1
from refhost.wasi.preview1 import host as preview1
from refhost.wasi.preview1.errno import Errno
from refhost.wasi.vfs.directory import Directory, OpenHow
from refhost.wasi.vfs.file import File
from refhost.wasi.vfs.memory import memory_tree
from refhost.wasi.vfs.resolution import MAX_PATH
from refhost.wasi.vfs.tree import Kind
from refhost.wasi.vfs.vfs import Vfs
from refhost.wasi.vfs.volume import Volume

if TYPE_CHECKING:
    from conformance.host_mutants.mutant import Original

# ---- ways out of the tree ---------------------------------------------------------------------------------------


def _outside(original: Original, volume: Any, path: Any, follow: Any) -> Any:
    """The place that a path has on the machine around the tree, its way up left out; there is one file on it."""
    machine = memory_tree()
    machine.make_directory("etc").make_file("passwd").write(0, b"root:x:0:0")
    parts = [part for part in path.split("/") if part not in {"", ".", ".."}]
    return original(volume, machine, "/".join(parts) or "nowhere", follow=follow)


def _leads_outside(name: str, leads: Any) -> None:
    """Paths that must not lead out of the tree do: `leads` tells where, "" where a path is refused after all."""

    @mutant(name, Volume, "resolve")
    def resolve(original: Original, self: Any, base: Any, path: Any, *, follow: Any) -> Any:
        try:
            return original(self, base, path, follow=follow)
        except PermissionError:
            target = leads(functools.partial(original, self, base), path)
            if not target:
                raise
            return _outside(original, self, target, follow)


def _up(_: Any, path: Any) -> Any:
    return path if path.startswith(".") or "/.." in path else ""


def _absolute(_: Any, path: Any) -> Any:
    return path if path.startswith("/") else ""


def _through_link(resolve: Any, path: Any) -> Any:
    """Where a path leads whose first link leads out."""
    parts = path.split("/")
    for count in range(1, len(parts) + 1):
        node = resolve("/".join(parts[:count]), follow=False).node
        if node is not None and node.kind is Kind.LINK:
            return "/".join([node.target(), *parts[count:]])
    return ""


_leads_outside("`..` leads out of the tree", _up)
_leads_outside("absolute paths lead out of the tree", _absolute)
_leads_outside("symbolic links lead out of the tree", _through_link)


@mutant("symbolic links lead out of the tree", Directory, "symlink")
def _anywhere(_: Any, self: Any, target: Any, path: Any) -> None:
    place = self._free(path, file=True)
    self._volume.created(place.directory.make_link(place.name, target), place.directory)


@mutant("plugins share one tree", Storage, "vfs")
def _shared(original: Original, self: Any, plugin_id: Any, **named: Any) -> Any:
    return original(self, "shared", **named)


@mutant("the configuration is among the files", Lifecycle, "start_with")
def _config_in_tree(original: Original, self: Any, text: Any) -> None:
    self._runtime.vfs.write(f"/{self._runtime.plugin_id}.json", text)
    original(self, text)


# ---- names ------------------------------------------------------------------------------------------------------


@mutant("a NUL ends a name", Volume, "resolve")
def _cut_at_nul(original: Original, self: Any, base: Any, path: Any, *, follow: Any) -> Any:
    return original(self, base, path.partition("\0")[0], follow=follow)


@mutant("every part of a path is a name", Volume, "resolve")
def _plain_parts(original: Original, self: Any, base: Any, path: Any, *, follow: Any) -> Any:
    if any(part in {"", ".", ".."} for part in path.rstrip("/").split("/")):
        raise FileNotFoundError(errno.ENOENT, path)
    return original(self, base, path, follow=follow)


@mutant("a long name ends the host", Volume, "resolve")
def _long_name(original: Original, self: Any, base: Any, path: Any, *, follow: Any) -> Any:
    return original(self, base, path, follow=follow) if len(path) < MAX_PATH else ends("a name was too long")


# ---- what becomes of files --------------------------------------------------------------------------------------


@mutant("files are forgotten", Lifecycle, "start_with")
def _forgotten(original: Original, self: Any, text: Any) -> None:
    _wipe(self._runtime.vfs)
    original(self, text)


def _wipe(tree: Any) -> Any:
    for path in tree.files():
        tree.remove(path)
    return 0


@mutant("files stay empty", File, "write")
def _stays_empty(_: Any, self: Any, offset: Any, data: Any) -> Any:
    return len(data)


@mutant("tmp is all", Vfs, "clear_tmp")
def _all_is_tmp(_: Any, self: Any) -> Any:
    return _wipe(self)


@mutant("what is unlinked stays", Directory, "unlink")
def _stays(original: Original, self: Any, path: Any) -> None:
    self.stat_at(path, follow=False)


@mutant("every directory is removed, with what is in it", Directory, "remove_directory")
def _removed(original: Original, self: Any, path: Any) -> None:
    for entry in self.open(path, OpenHow(directory=True)).entries():
        self.unlink(f"{path}/{entry.name}")
    original(self, path)


@mutant("what fails is an error of input and output", preview1, "errno_of")
def _io(_: Any, error: Any) -> Any:
    return Errno.IO


nothing("tmp is never emptied", Vfs, "clear_tmp", result=0)
nothing("files are hidden from the host", Vfs, "files", result={})


@mutant("the directories are not made", Storage, "vfs")
def _no_layout(original: Original, self: Any, plugin_id: Any, **_: Any) -> Any:
    return original(self, plugin_id, layout=())


@mutant("a plugin may write while it is described", PluginRuntime, "enter")
def _writable(original: Original, self: Any, phase: Any) -> None:
    original(self, phase)
    self._files.read_only = False


# ---- what else WASI has -----------------------------------------------------------------------------------------


def _surroundings(name: str, **given: Any) -> None:
    """Something that WASI shows is another thing; what is given is called for it."""

    @mutant(name, PluginRuntime, "_surroundings")
    def other(original: Original, self: Any) -> Any:
        surroundings = original(self)
        return {**surroundings, **{key: value(surroundings) for key, value in given.items()}}


_surroundings("the environment is the machine's", env=lambda found: {**found["env"], "HOME": "/home/boat"})
_surroundings("randomness is the machine's", random=lambda _: random.SystemRandom())
_surroundings("WASI's clock stands still", clock=lambda found: type(found["clock"])())
nothing("nothing is printed", _Lines, "write")


@mutant("a program has a name", Preview1, "__init__")
def _named(original: Original, self: Any, **surroundings: Any) -> None:
    original(self, **surroundings, args=["plugin.wasm"])


@mutant("more is preopened", Preview1, "__init__")
def _home(original: Original, self: Any, **surroundings: Any) -> None:
    original(self, **surroundings, preopens=[(Vfs(), "/home")])


instead("proc_exit is a success", BufferInstance, "start", PluginExit)
