"""The core twins in signalk-server, over all delta streams: what they do there is what departures explain, and no more.

As they are, twins come to nothing there: one does not load, one does not start, the others believe that they may not
write. So they are replayed a second time as plugins that those departures do not touch (`sparing.py`).
"""

from __future__ import annotations

import functools
import itertools
import re
from contextlib import closing

import pytest
from replays import replay
from sparing import spared

import corpus
from conformance.deltas import edge_deltas, ordinary_deltas
from conformance.drivers.reference import RefhostDriver
from conformance.drivers.signalk_server import SignalkServerDriver
from conformance.drivers.signalk_server.install import install
from corpus import build, streams
from refhost.errors import HostError
from refhost.jsontext import loads
from refhost.package import read_package
from refhost.profiles import DOCUMENTED, Profile

pytestmark = pytest.mark.npm

HEAD = 500
STREAMS = ("ordinary", "edge", *streams.NAMES)
# D2: sk_get_self_path finds nothing, so that no depth is told. D13: notifications are hardly checked. D17: there is no
# capability. D24: there is no /data. D34: a trap has no consequence. D41: _initialize is called twice. D42: what is
# emitted comes back while delta_handler runs, at which the one in Rust traps.
AS_THEY_ARE = {
    "twin-assemblyscript": {"WASI"},
    "twin-c": {"D41"},
    "twin-go": {"D41"},
    "twin-rust": {"D17", "D24"},
    "twin-zig": {"D17", "D24"},
}
SPARED = {
    "twin-assemblyscript": {"D17", "WASI"},
    "twin-c": {"D17", "D41"},
    "twin-rust": {"D17"},
    "twin-zig": {"D17"},
}
SPOKEN = {"D2", "D13", "NOTIFICATIONS"}
WHEN_SPARED = {
    "twin-assemblyscript": SPOKEN,
    "twin-c": SPOKEN | {"D24"},
    "twin-rust": SPOKEN | {"D24", "D34", "D42"},
    "twin-zig": SPOKEN | {"D24"},
}
# The server gives each notification an id out of nothing.
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

every_twin = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.toolchain] if name == "twin-go" else []) for name in AS_THEY_ARE]
)
every_spared_twin = pytest.mark.parametrize("name", SPARED)
every_stream = pytest.mark.parametrize("stream", STREAMS)


def deltas(stream):
    made = {"ordinary": ordinary_deltas, "edge": edge_deltas}
    if stream in made:
        return made[stream]()
    return [loads(line) for line in itertools.islice(streams.lines(stream), HEAD)]


def seen_in(driver, package, stream):
    """What two hosts must have in common. That PUT is possible the reference host says in its own name, not here."""
    try:
        seen = replay(driver, package, deltas(stream), timeless=True)
    except HostError:
        return "It is not loaded."
    return {
        "starts": seen["state"] == "running",
        "status": seen["status"],
        "error": seen["error"] if seen["state"] == "running" else "",
        "traps": sum(line.startswith("fault") for line in seen["bad"]) if seen["state"] == "running" else None,
        "emitted": [_ID.sub("<id>", line) for line in seen["emitted"] if '"supportsPut":true' not in line],
    }


@pytest.fixture(scope="module")
def server():
    install()
    with closing(SignalkServerDriver(lane="whole")) as driver:
        yield driver


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A twin, as it is or spared."""

    @functools.cache
    def read(name, spares):
        folder = corpus.plugin(name)
        if name in corpus.large():
            work = tmp_path_factory.mktemp(name)
            build.build(name, work)
            folder = work / "plugin"
        return spared(read_package(folder), frozenset(SPARED[name])) if spares else read_package(folder)

    return read


@pytest.fixture(scope="module")
def there(server, package):
    """What a twin does in the server."""
    return functools.cache(lambda name, stream, *, spares: seen_in(server, package(name, spares), stream))


@pytest.fixture(scope="module")
def here(package):
    """What it does in the reference host that departs so."""

    @functools.cache
    def run(name, stream, departures, *, spares):
        profile = Profile("what explains it", departures) if departures else DOCUMENTED
        return seen_in(RefhostDriver(profile=profile), package(name, spares), stream)

    return run


@every_stream
@every_twin
def test_as_it_is_a_twin_comes_to_nothing_for_these_reasons(name, stream, here, there):
    seen = there(name, stream, spares=False)
    assert seen == here(name, stream, frozenset(AS_THEY_ARE[name]), spares=False)
    assert seen == "It is not loaded." or seen["emitted"] == []
    assert here(name, stream, frozenset(), spares=False)["emitted"]


@every_stream
@every_spared_twin
def test_what_it_does_when_it_is_spared_is_what_departures_explain(name, stream, here, there):
    assert there(name, stream, spares=True) == here(name, stream, frozenset(WHEN_SPARED[name]), spares=True)


@every_twin
def test_none_of_the_reasons_is_too_many(name, here, there):
    """Without any one of them the reference host does not do what the server does."""
    for reasons, spares in ((AS_THEY_ARE, False), (WHEN_SPARED, True)):
        for left_out in sorted(reasons.get(name, ())):
            less = frozenset(reasons[name] - {left_out})
            assert any(there(name, s, spares=spares) != here(name, s, less, spares=spares) for s in STREAMS), left_out


@every_stream
def test_spared_twins_agree_in_the_server(stream, there):
    """In what they emit: the one in Rust traps within, and goes on."""
    emitted = {name: there(name, stream, spares=True)["emitted"] for name in SPARED}
    assert len(set(map(tuple, emitted.values()))) == 1


@every_stream
@every_spared_twin
def test_what_spares_a_twin_changes_nothing_else(name, stream, here):
    """By the contract it does what it did: but for its file, where the functions for files are its own."""
    spared_one, as_it_is = (here(name, stream, frozenset(), spares=spares) for spares in (True, False))
    assert spared_one["emitted"] == as_it_is["emitted"]
    if "WASI" not in SPARED[name]:
        assert spared_one == as_it_is


def test_they_have_much_to_say(there):
    emitted = {stream: there("twin-c", stream, spares=True)["emitted"] for stream in STREAMS}
    assert {stream: len(lines) > 10 for stream, lines in emitted.items()} == {
        **dict.fromkeys(STREAMS, True),
        "ordinary": False,
    }
    speech = "".join(map("".join, emitted.values()))
    assert '"message":"Speed 99 m/s is above 5 m/s"' in speech
    assert "at a depth of" not in speech
    assert '"plugins.twin.heard","value":55}' in speech
