"""Examples of Hypothesis through a plugin, against the strategies alone."""

from __future__ import annotations

import functools
import itertools
import time
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, seed, settings

import corpus
from bench.rows import Row, compare
from conformance.strategies import deltas
from refhost.host import Host
from refhost.package import read_package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_EXAMPLES = 200
_PLUGIN = "hello-c"


def _searched(look: Callable[[Any], None], turns: Iterator[int]) -> float:
    """How many examples a second; in the same turn both sides are given the same."""
    configured = settings(max_examples=_EXAMPLES, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    tried = 0

    @seed(next(turns))
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
        functools.partial(_searched, through, itertools.count()),
        functools.partial(_searched, lambda _: None, itertools.count()),
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
            functools.partial(_searched, host.publish_delta, itertools.count()),
            functools.partial(_searched, lambda _: None, itertools.count()),
            rounds=5,
        )
