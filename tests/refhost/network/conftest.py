"""Both networks, each with both families: what is tested here is tested on all four."""

from __future__ import annotations

import contextlib

import pytest
from far_side import sides
from speaker import Speaker

from refhost.host import Host
from refhost.network.interface import Family


@pytest.fixture(params=sides(*Family))
def side(request):
    kind, family = request.param
    with contextlib.closing(kind(family)) as side:
        yield side


@pytest.fixture
def multicast(side):
    if not side.carries_multicast:
        pytest.skip("this system carries no multicast of this family on its loopback interface")


@pytest.fixture
def host(side):
    with Host(network=side.network) as host:
        yield host


@pytest.fixture
def speaker(host):
    return Speaker(host)
