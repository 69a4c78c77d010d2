from __future__ import annotations

import pytest
from http_guest import NETWORK, binary, told
from trees import Disk, Memory
from wasi_guest import DirectGuest

from refhost.plugin import State


@pytest.fixture(params=["memory", "disk"])
def backend(request, tmp_path):
    """Makes trees: each test that asks for one, or for what stands on one, runs over both."""
    trees = Memory() if request.param == "memory" else Disk(tmp_path)
    yield trees
    trees.close()


@pytest.fixture
def vfs(backend):
    return backend.vfs()


@pytest.fixture
def guest(vfs):
    guest = DirectGuest(vfs, env={"PLUGIN_ID": "p"}, args=("p", "ä"), stdin=b"typed")
    yield guest
    guest.close()


@pytest.fixture
def load(host, package):
    """Loads and starts a plugin that makes requests when it starts."""

    def load(start: str = "", stop: str = "", *, on=host, capabilities=NETWORK, **parts):
        plugin = on.load(package(binary(start, stop, **parts), capabilities))
        plugin.start({})
        return plugin

    return load


@pytest.fixture
def run(load):
    """What a plugin says that makes requests when it starts."""

    def run(start: str, **options) -> list[str]:
        plugin = load(start, **options)
        assert plugin.state is State.RUNNING, plugin.why()
        return told(plugin)

    return run
