"""Examples of Hypothesis through a plugin, against the strategies alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings

import corpus
from bench.rows import Row, compare
from conformance.strategies import deltas
from refhost.host import Host
from refhost.package import read_package

if TYPE_CHECKING:
    from collections.abc import Callable

_EXAMPLES = 200
_PLUGIN = "hello-c"


def _searched(look: Callable[[Any], None]) -> float:
    """How many examples a second."""
    configured = settings(max_examples=_EXAMPLES, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    tried = 0

    @configured
    @given(deltas())
    def search(delta: Any) -> None:  # noqa: ANN401 - a delta
        nonlocal tried
        tried += 1
        look(delta)

    begun = time.process_time()
    search()
    return tried / (time.process_time() - begun)


def examples() -> Row:
    """Each example is a fresh host, in which the plugin is loaded, started, given a delta and stopped."""
    package = read_package(corpus.plugin(_PLUGIN))

    def through(delta: Any) -> None:  # noqa: ANN401 - a delta
        with Host() as host:
            host.load(package).start()
            host.publish_delta(delta)

    what = f"examples of Hypothesis, each a whole life of {_PLUGIN}"
    return compare(
        "examples",
        what,
        "examples a second",
        ">= 0.5",
        lambda: _searched(through),
        lambda: _searched(lambda _: None),
        rounds=5,
    )


def examples_in_one_life() -> Row:
    """Each example is a delta to one plugin that runs on."""
    package = read_package(corpus.plugin(_PLUGIN))
    with Host() as host:
        host.load(package).start()
        what = f"examples of Hypothesis, all in one life of {_PLUGIN}"
        return compare(
            "examples-one-life",
            what,
            "examples a second",
            ">= 0.5",
            lambda: _searched(host.publish_delta),
            lambda: _searched(lambda _: None),
            rounds=5,
        )
