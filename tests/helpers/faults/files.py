"""Faults of the tree of files, and of what else WASI shows."""

from __future__ import annotations

import errno
import functools
import random

from faults.fault import ends, fault, nothing
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

# ---- ways out of the tree ---------------------------------------------------------------------------------------


def _outside(original, volume, path, follow):
    """The place that a path has on the machine around the tree, its way up left out; there is one file on it."""
    machine = memory_tree()
    machine.make_directory("etc").make_file("passwd").write(0, b"root:x:0:0")
    parts = [part for part in path.split("/") if part not in {"", ".", ".."}]
    return original(volume, machine, "/".join(parts) or "nowhere", follow=follow)


def _leads_outside(name, leads):
    """Paths that must not lead out of the tree do: `leads` tells where, "" where a path is refused after all."""

    @fault(name, Volume, "resolve")
    def resolve(original, self, base, path, *, follow):
        try:
            return original(self, base, path, follow=follow)
        except PermissionError:
            target = leads(functools.partial(original, self, base), path)
            if not target:
                raise
            return _outside(original, self, target, follow)


def _up(_, path):
    return path if path.startswith(".") or "/.." in path else ""


def _absolute(_, path):
    return path if path.startswith("/") else ""


def _through_link(resolve, path):
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


@fault("symbolic links lead out of the tree", Directory, "symlink")
def _anywhere(_, self, target, path):
    place = self._free(path, file=True)
    self._volume.created(place.directory.make_link(place.name, target), place.directory)


@fault("plugins share one tree", Storage, "vfs")
def _shared(original, self, plugin_id, **named):
    return original(self, "shared", **named)


@fault("the configuration is among the files", Lifecycle, "start_with")
def _config_in_tree(original, self, text):
    self._runtime.vfs.write(f"/{self._runtime.plugin_id}.json", text)
    original(self, text)


# ---- names ------------------------------------------------------------------------------------------------------


@fault("a NUL ends a name", Volume, "resolve")
def _cut_at_nul(original, self, base, path, *, follow):
    return original(self, base, path.partition("\0")[0], follow=follow)


@fault("every part of a path is a name", Volume, "resolve")
def _plain_parts(original, self, base, path, *, follow):
    if any(part in {"", ".", ".."} for part in path.rstrip("/").split("/")):
        raise FileNotFoundError(errno.ENOENT, path)
    return original(self, base, path, follow=follow)


@fault("a long name ends the host", Volume, "resolve")
def _long_name(original, self, base, path, *, follow):
    return original(self, base, path, follow=follow) if len(path) < MAX_PATH else ends("a name was too long")


# ---- what becomes of files --------------------------------------------------------------------------------------


@fault("files are forgotten", Lifecycle, "start_with")
def _forgotten(original, self, text):
    _wipe(self._runtime.vfs)
    original(self, text)


def _wipe(tree):
    for path in tree.files():
        tree.remove(path)
    return 0


@fault("files stay empty", File, "write")
def _stays_empty(_, self, offset, data):
    return len(data)


@fault("tmp is all", Vfs, "clear_tmp")
def _all_is_tmp(_, self):
    return _wipe(self)


@fault("what is unlinked stays", Directory, "unlink")
def _stays(original, self, path):
    self.stat_at(path, follow=False)


@fault("every directory is removed, with what is in it", Directory, "remove_directory")
def _removed(original, self, path):
    for entry in self.open(path, OpenHow(directory=True)).entries():
        self.unlink(f"{path}/{entry.name}")
    original(self, path)


@fault("what fails is an error of input and output", preview1, "errno_of")
def _io(_, error):
    return Errno.IO


nothing("tmp is never emptied", Vfs, "clear_tmp", result=0)
nothing("files are hidden from the host", Vfs, "files", result={})


@fault("the directories are not made", Storage, "vfs")
def _no_layout(original, self, plugin_id, **_):
    return original(self, plugin_id, layout=())


@fault("a plugin may write while it is described", PluginRuntime, "enter")
def _writable(original, self, phase):
    original(self, phase)
    self._files.read_only = False


# ---- what else WASI has -----------------------------------------------------------------------------------------


def _surroundings(name, **given):
    """Something that WASI shows is another thing; what is given is called for it."""

    @fault(name, PluginRuntime, "_surroundings")
    def other(original, self):
        surroundings = original(self)
        return {**surroundings, **{key: value(surroundings) for key, value in given.items()}}


_surroundings("the environment is the machine's", env=lambda found: {**found["env"], "HOME": "/home/boat"})
_surroundings("randomness is the machine's", random=lambda _: random.SystemRandom())
_surroundings("WASI's clock stands still", clock=lambda found: type(found["clock"])())
nothing("nothing is printed", _Lines, "write")


@fault("a program has a name", Preview1, "__init__")
def _named(original, self, **surroundings):
    original(self, **surroundings, args=["plugin.wasm"])


@fault("more is preopened", Preview1, "__init__")
def _home(original, self, **surroundings):
    original(self, **surroundings, preopens=[(Vfs(), "/home")])


@fault("proc_exit is a success", BufferInstance, "start")
def _exits_well(original, self, config):
    try:
        return original(self, config)
    except PluginExit:
        return 0
