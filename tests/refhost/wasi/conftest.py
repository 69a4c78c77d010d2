from __future__ import annotations

import pytest
from wasi_guest import DirectGuest

from refhost.wasi.vfs import Vfs


@pytest.fixture
def vfs():
    return Vfs()


@pytest.fixture
def guest(vfs):
    guest = DirectGuest(vfs, env={"PLUGIN_ID": "p"}, args=("p", "ä"), stdin=b"typed")
    yield guest
    guest.close()
