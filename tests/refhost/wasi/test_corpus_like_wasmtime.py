"""The corpus's core plugins do the same over this project's WASI as over wasmtime's own, in a real directory (§5)."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from wasmtime import Linker, WasiConfig

import corpus
from refhost.binary import WASI_MODULE, is_component
from refhost.dialects.core import CoreInstance
from refhost.engine import engine
from refhost.host import Host
from refhost.package import read_package

CORE = [name for name in corpus.plugins() if not is_component(read_package(corpus.plugin(name)).binary)]
STARTS = 3


@contextmanager
def wasmtimes_own(directory):
    """Instances get their WASI from wasmtime: the same directory, variables and nothing else."""
    used = []
    linker = Linker(engine())
    linker.define_wasi()

    def replaced(instance, binary):
        names = [(entry.module, entry.name) for entry in binary.imports if entry.module == WASI_MODULE]
        config = WasiConfig()
        config.env = [("PLUGIN_ID", directory.parent.name)]
        if directory.is_dir():  # a plugin without storage has none
            config.preopen_dir(str(directory), "/")
        instance.store.set_wasi(config)
        used.extend(name for _, name in names)
        return {named: linker.get(instance.store, *named) for named in names}

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(CoreInstance, "_replaced", replaced)
        yield used
    linker.close()


def life(name, directory):
    """Everything that a plugin does from its first start to its last stop, and the files that are left."""
    seen = []
    for start in range(STARTS):
        with Host(directory=directory) as host:
            plugin = host.load(read_package(corpus.plugin(name)))
            plugin.start({"name": f"start {start}"})
            for line in (corpus.DELTAS / "ordinary.jsonl").read_text("utf-8").splitlines():
                host.publish_delta(line)
            host.advance(3)
            plugin.stop()
            seen.append((plugin.state, host.deltas, [str(record) for record in host.log]))
    vfs = directory / "plugin-config-data" / plugin.id / "vfs"
    files = {str(path.relative_to(vfs)): path.is_file() and path.read_bytes() for path in vfs.rglob("*")}
    return seen, files


@pytest.mark.parametrize("name", CORE)
def test_a_plugin_lives_the_same(name, tmp_path):
    ours = life(name, tmp_path / "ours")
    with wasmtimes_own(tmp_path / "theirs/plugin-config-data" / name / "vfs") as used:
        theirs = life(name, tmp_path / "theirs")
    assert ours == theirs
    seen, files = ours
    assert all(deltas for _, deltas, _ in seen)
    if name.startswith("hello-"):
        assert {"path_open", "fd_write"} <= set(used)
        assert files["data/starts.txt"].strip() == str(STARTS).encode()


def test_there_are_core_plugins_of_three_languages():
    assert {"hello-assemblyscript", "hello-c", "hello-rust"} <= set(CORE)
