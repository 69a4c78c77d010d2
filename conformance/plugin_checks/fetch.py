"""FETCH: HTTP requests of a plugin, and what comes back (contract §18)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance.deltas import ordinary_deltas
from conformance.plugin_checks.registry import check
from conformance.trial import require, unharmed
from conformance.verdict import NotApplicable
from refhost.binary import CoreBinary
from refhost.jsontext import dumps

if TYPE_CHECKING:
    from conformance.drivers.interface import Session
    from conformance.trial import Trial

_URL = re.compile(r"https?://[^/\s?#]+([/?#]\S*)?")
_ANY = "*"
_LARGE = 1_000_000
_MOST_A_MINUTE = 120
_PATIENCE = 900.0
_POSITION = {"latitude": 60.17, "longitude": 24.94}
# Every answer that a server, a harbour's login page or a broken connection may give: status and body.
_ANSWERS: tuple[tuple[int, Any], ...] = (
    (0, b""),
    (200, b""),
    (204, b""),
    (404, b"Not Found"),
    (429, {"error": "Too many requests"}),
    (500, b"<html><body>Internal Server Error</body></html>"),
    (200, b"<!doctype html><title>Log in to the harbour's network</title>"),
    (200, b"\xff\xfe\x00\x80"),
    (200, b"\xef\xbb\xbf{}"),
    (200, b"null"),
    (200, b"[]"),
    (200, b"{}"),
    (200, b'"text"'),
    (200, b"-1e400"),
    (200, b'{"data":{"list":[{"value":12.5,"name":"cut of'),
    (200, b"[" * 500 + b"]" * 500),
    (200, {"data": None, "list": {}, "time": [], "main": "none", "value": "much", "id": {}}),
)


def _needs_fetching(trial: Trial) -> None:
    binary = trial.subject.binary
    fetches = (
        any(entry.module == "as-fetch" for entry in binary.imports)
        if isinstance(binary, CoreBinary)
        else any(entry.name.startswith("wasi:http") for entry in binary.imports)
    )
    if not fetches:
        raise NotApplicable("the plugin imports nothing that makes HTTP requests")


def _lives(trial: Trial, session: Session, doing: str) -> None:
    """Start it, let it live, and ask the handlers that may fetch when they are asked."""
    session.start(trial.subject.config)
    unharmed(session, f"started {doing}")
    session.advance(5)
    for delta in ordinary_deltas():
        session.publish(delta)
    unharmed(session, f"run {doing}")
    request = dumps({"position": _POSITION, "options": {}, "type": "point"})
    for handler in ("weather_get_observations", "weather_get_forecasts", "weather_get_warnings"):
        if session.state == "running" and session.exports(handler):
            session.ask(handler, request)
            unharmed(session, f"asked {doing}")


@check("FETCH-001")
def starts_without_a_network(trial: Trial) -> None:
    """The boat has left the harbour, and the plugin starts all the same."""
    _needs_fetching(trial)
    trial.loaded()
    with trial.session() as session:
        session.respond(_ANY, status=0)
        state = session.start(trial.subject.config)
        require(state == "running", f"while every HTTP request fails it does not start: {session.why()}")


@check("FETCH-002")
def takes_any_answer(trial: Trial) -> None:
    """Whatever a server answers."""
    _needs_fetching(trial)
    trial.startable()
    for status, body in _ANSWERS:
        shown = body[:40] if isinstance(body, bytes) else dumps(body)[:40]
        with trial.session() as session:
            session.respond(_ANY, body, status=status)
            _lives(trial, session, f"with every HTTP request answered with {status} and {shown!r}")


@check("FETCH-003")
def takes_large_answers(trial: Trial) -> None:
    """A megabyte."""
    _needs_fetching(trial)
    trial.startable()
    with trial.session() as session:
        session.respond(_ANY, b'{"text":"' + b"x" * _LARGE + b'"}')
        _lives(trial, session, f"with every HTTP request answered with {_LARGE} bytes")


@check("FETCH-004")
def asks_in_measure(trial: Trial) -> None:
    """A minute of answers, and a minute without."""
    _needs_fetching(trial)
    trial.lived()
    for status, what in ((200, "is answered"), (0, "fails")):
        with trial.session() as session:
            session.respond(_ANY, b"{}", status=status)
            session.start(trial.subject.config)
            session.advance(60)
            count = len(session.requests)
        require(count <= _MOST_A_MINUTE, f"while every request {what}, it makes {count} in a minute")


@check("FETCH-005")
def asks_whole_urls(trial: Trial) -> None:
    """Of http or https."""
    _needs_fetching(trial)
    with trial.running() as session:
        session.advance(10)
        for delta in ordinary_deltas():
            session.publish(delta)
        requests = list(session.requests)
    if not requests:
        raise NotApplicable("the plugin makes no HTTP request in an ordinary run")
    for request in requests:
        require(
            _URL.fullmatch(request.url),
            f"it asked for {request.url!r}, which is no URL of http or https with a host and without spaces",
        )


@check("FETCH-006")
def says_that_nothing_comes(trial: Trial) -> None:
    """A user sees why there is no data."""
    _needs_fetching(trial)
    trial.lived()
    told = []
    for status in (200, 0):
        with trial.session() as session:
            session.respond(_ANY, b"{}", status=status)
            session.start(trial.subject.config)
            session.advance(10)
            if not session.requests:
                raise NotApplicable("the plugin makes no HTTP request in an ordinary run")
            told.append((session.status, session.error))
    require(
        told[1][1] or told[0] != told[1],
        f"while every request fails, its status is {told[1][0]!r}, as when all are answered, and it sets no error",
    )


@check("FETCH-007")
def asks_again(trial: Trial) -> None:
    """A network that comes later is found."""
    _needs_fetching(trial)
    trial.lived()
    with trial.session() as session:
        session.respond(_ANY, status=0)
        session.start(trial.subject.config)
        before = len(session.requests)
        if not before:
            raise NotApplicable("the plugin makes no HTTP request when it starts")
        waited = 0.0
        while len(session.requests) == before and waited < _PATIENCE and not session.fault:
            session.advance(15)
            waited += 15
        unharmed(session, "while every HTTP request fails")
        again = len(session.requests) > before
    trial.steps = trial.steps[:4]
    require(again, f"its request failed when it started, and it made no other in {_PATIENCE / 60:g} minutes")
