from __future__ import annotations

import pytest
from trees import Disk, Memory
from wasi_guest import DirectGuest


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
