"""Targets in `refhost`: what a plugin says to its host."""

from __future__ import annotations

from contextlib import suppress

from target import JSON_WORDS, Target, some_deltas, text_of

from refhost import delta, printing
from refhost.bus import Bus
from refhost.clock import Clock
from refhost.journal import Journal
from refhost.jsontext import MAX_DEPTH, NotJson, dumps, loads
from refhost.limits import Limits
from refhost.model import Model
from refhost.network.interface import Family, NetworkError, parse_address, parse_group
from refhost.patterns import PathPattern
from refhost.services import http
from refhost.services.deltas import DeltaService
from refhost.services.gate import Refused
from refhost.services.reading import ReadingService
from refhost.storage import ConfigFile
from refhost.storage.folder import MemoryFolder

SELF = "vessels.urn:mrn:signalk:uuid:1"

# What a plugin says.


def _json(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape") if data[:1] == b"\xff" else text_of(data)
    try:
        value = loads(text)
    except NotJson as error:
        str(error).encode()
        return
    again = dumps(value)
    again.encode()
    assert loads(again) == value
    assert max(again.count("["), again.count("{")) <= MAX_DEPTH or loads(again) is not None
    printing.printable_json(value).encode()


_DELTA_WORDS = (*JSON_WORDS, b'"updates":[', b'"values":[', b'"meta":[', b'"path":"a.b"', b'"value":', b'"context":', b'"$source":',
                b'"source":{"label":"x"}', b'"timestamp":"2026-01-01T00:00:00Z"', b"vessels.self", b"notifications.", b"a." * 300,
                b'"zones":[{"lower":1,"state":"warn"}]', b"aisType")  # fmt: skip


class _World:
    """A bus with a model, and a plugin's doors to it."""

    def __init__(self) -> None:
        clock = Clock()
        self.model = Model(SELF)
        self.bus = Bus(SELF, self.model, clock, Journal(clock), limits=Limits(deltas_per_tick=1000))
        self.service = DeltaService(lambda: "fuzz", self.bus, lambda *_: None)
        self.reading = ReadingService(self.model)


def _delta(data: bytes) -> None:
    text, world = text_of(data), _World()
    got = []
    world.bus.subscriptions.subscribe("x", got.append)
    try:
        world.service.handle_message(text)
        world.bus.drain()
    except Refused:
        return
    for emission in world.bus.emissions:
        for path, _ in delta.pairs(emission.delta):
            with suppress(Refused):
                world.reading.get_self_path(path)
                world.reading.get_path(path)
        assert not [p for p in delta.problems(emission.delta) if p.shape]
    assert [loads(each) for each in got] == [emission.delta for emission in world.bus.emissions]


def _notification(data: bytes) -> None:
    path, _, value = text_of(data).partition("\n")
    world = _World()
    with suppress(Refused):
        world.service.publish_notification(path, value)
        world.bus.drain()


_NOTIFIED = (b'notifications.a.b\n{"state":"alarm","method":["visual"],"message":"x"}', b"notifications.a\nnull")


def _endpoints(data: bytes) -> None:
    endpoints, problems = http.parse_endpoints(text_of(data))
    for endpoint in endpoints:
        assert ".." not in endpoint.path.split("/")
        endpoint.parameters("/api/tracks/7")
        endpoint.parameters(endpoint.path)
    for problem in problems:
        problem.encode("utf-8", "surrogatepass")


def _answer(data: bytes) -> None:
    try:
        answer = http._answer(loads(text_of(data)))
    except (NotJson, http._Malformed):
        return
    assert 100 <= answer.status <= 599
    for name, value in answer.headers.items():
        assert not set("\r\n\0") & set(name + value)


def _saved(data: bytes) -> None:
    kept = MemoryFolder("/x")
    kept.replace("a.json", data)
    file = ConfigFile(kept, "a.json")
    saved = file.read()
    file.read_any()
    file.save_configuration({"x": 1})
    again = file.read()
    assert (again.enabled, again.enable_debug, again.configuration) == (saved.enabled, saved.enable_debug, {"x": 1})


def _words(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    for lines in (True, False):
        shown = printing.printable(text, lines=lines)
        shown.encode()
        assert not any(c in shown for c in "\x1b\r\x00\u202e\u2028")
        assert lines or "\n" not in shown


def _pattern(data: bytes) -> None:
    pattern, _, path = text_of(data).partition("\n")
    made = PathPattern(pattern)
    matches = made.matches(path)
    if "*" not in pattern:
        assert matches == (pattern == path)
    assert PathPattern("*").matches(path)
    made.matches(pattern)


def _address(data: bytes) -> None:
    text = text_of(data)
    for family in (None, *Family):
        with suppress(NetworkError):
            parse_address(text, family)
        if family is not None:
            with suppress(NetworkError):
                parse_group(text, family)


SPEECH_TARGETS = {
    "json": Target(_json, some_deltas, JSON_WORDS, 160),
    "delta": Target(_delta, some_deltas, _DELTA_WORDS, 170),
    "notification": Target(_notification, lambda: _NOTIFIED, _DELTA_WORDS, 40),
    "endpoints": Target(
        _endpoints,
        lambda: (b'[{"method":"GET","path":"/api/tracks/:id","handler":"h"}]',),
        (*JSON_WORDS, b"/..", b":", b'"method":"PUT"', b'"path":', b'"handler":'),
        60,
    ),
    "answer": Target(
        _answer,
        lambda: (b'{"statusCode":200,"headers":{"Content-Type":"text/html"},"body":"x"}', b'{"body":{"a":1}}'),
        (*JSON_WORDS, b'"statusCode":', b'"headers":{', b"\\r\\n", b'"body":', b"Set-Cookie"),
        60,
    ),
    "saved": Target(
        _saved, lambda: (b'{"enabled":true,"enableDebug":false,"configuration":{"a":[1]}}',), JSON_WORDS, 60
    ),
    "words": Target(
        _words,
        lambda: ("a\x1b[2J\u202eb\r\n<b>\u2028".encode(), b"plain"),
        (b"\x1b]0;x\x07", b"\xc2\x9b", b"\xe2\x80\xa8"),
        60,
    ),
    "pattern": Target(
        _pattern, lambda: (b"navigation.*\nnavigation.speedOverGround", b"*a*b*\nxaxbx"), (b"*", b".", b"\n", b"**"), 60
    ),
    "address": Target(
        _address,
        lambda: (b"127.0.0.1", b"::1", b"fe80::1%eth0", b"239.2.1.1", b"ff02::1"),
        (b":", b".", b"%", b"::"),
        40,
    ),
}
