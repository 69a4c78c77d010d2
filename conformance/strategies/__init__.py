"""Hypothesis strategies for Signal K, for the checks and for authors' own tests.

    from conformance.strategies import deltas

    @given(delta=deltas())
    def test_no_delta_stops_it(load_wasm_plugin, delta):
        with load_wasm_plugin() as plugin, plugin.running():
            plugin.host.publish_delta(delta)
            assert plugin.is_running

The description of each says what is smallest: that is what a counterexample shrinks to.
"""

from conformance.strategies.configurations import any_configurations, configurations
from conformance.strategies.deltas import KNOWN_PATHS, delta_streams, deltas, paths, patterns, values
from conformance.strategies.json_values import json_values
from conformance.strategies.requests import ClientRequest, http_requests, put_values, resource_queries

__all__ = [
    "KNOWN_PATHS",
    "ClientRequest",
    "any_configurations",
    "configurations",
    "delta_streams",
    "deltas",
    "http_requests",
    "json_values",
    "paths",
    "patterns",
    "put_values",
    "resource_queries",
    "values",
]
