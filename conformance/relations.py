"""Relations between runs of a plugin, for authors' own tests: what must not depend on how the same data arrive.

    from conformance.relations import assert_same_however_cut
    from conformance.strategies import delta_streams

    @given(stream=delta_streams(about=["navigation.position"]))
    def test_cutting_changes_nothing(load_wasm_plugin, stream):
        assert_same_however_cut(load_wasm_plugin, stream)

Each assertion runs the plugin over one stream in two ways, each in a fresh host, and compares what it has emitted.
When the results differ it leaves out of the stream whatever is not needed for that, and raises AssertionError with the
stream that is left and the first difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refhost.delta import pairs
from refhost.errors import StateError
from refhost.jsontext import dumps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from refhost.delta import Delta
    from refhost.plugin import Plugin

    Load = Callable[[], AbstractContextManager[Plugin]]
    Stream = Sequence[Delta]
    Result = Callable[[Plugin], Any]
    Way = Callable[[Stream], Stream]

# How many shorter streams are tried before the shortest so far is shown.
_TRIALS = 300
_PARTS = ("values", "meta")


def last_values(plugin: Plugin) -> Mapping[str, Any]:
    """The latest value that a plugin has emitted on each path, with its context: what instruments show in the end."""
    return {f"{delta['context']} {path}": value for delta in plugin.emitted for path, value in pairs(delta)}


def all_values(plugin: Plugin) -> Sequence[tuple[str, Any]]:
    """Every path and value that a plugin has emitted, in order: what instruments show on the way."""
    return [pair for delta in plugin.emitted for pair in pairs(delta)]


def assert_same_however_cut(load: Load, stream: Stream, *, result: Result = last_values) -> None:
    """The result is the same whether values come one in a delta, as they are, or as many in a delta as can be.

    Args:
        load: makes a plugin that is not started in a host of its own, such as the fixture `load_wasm_plugin`.
        stream: deltas, in order.
        result: what is compared: `last_values`, `all_values`, or any function of the plugin.

    Raises:
        AssertionError: it is not.
    """
    _assert_same(load, stream, _one_value_each, result, "one value in each delta")
    _assert_same(load, stream, _joined, result, "neighbours of one context joined")


def assert_idempotent(load: Load, stream: Stream, *, result: Result = last_values) -> None:
    """The result is the same when each delta comes twice, as when two gateways bring it.

    Args:
        load: as for `assert_same_however_cut`.
        stream: deltas, in order.
        result: what is compared; `all_values` hardly ever fits, since answers come twice as well.

    Raises:
        AssertionError: it is not.
    """
    _assert_same(load, stream, _twice, result, "each twice")


def assert_order_is_free(load: Load, stream: Stream, *, result: Result = last_values) -> None:
    """The result is the same whichever of two paths comes first; the values of each path keep their order.

    Args:
        load: as for `assert_same_however_cut`.
        stream: deltas, in order.
        result: what is compared.

    Raises:
        AssertionError: it is not.
    """
    _assert_same(load, stream, _by_path, result, "path after path")
    _assert_same(load, stream, _by_path_backwards, result, "path after path, from the last")


def _assert_same(load: Load, stream: Stream, way: Way, result: Result, words: str) -> None:
    if _difference(load, stream, way, result):
        smallest = _smallest(stream, lambda shorter: bool(_difference(load, shorter, way, result)))
        shown = "\n".join(f"  {dumps(delta)}" for delta in smallest)
        difference = _difference(load, smallest, way, result)
        raise AssertionError(f"these deltas, {words}, give another result:\n{shown}\n{difference}")


def _difference(load: Load, stream: Stream, way: Way, result: Result) -> str:
    """Where the results of a stream as it is and in another way differ first, in words; "" when they do not."""
    return difference(_run(load, stream, result), _run(load, way(stream), result))


def _run(load: Load, stream: Stream, result: Result) -> Any:  # noqa: ANN401 - whatever is compared
    with load() as plugin, plugin.running():
        for delta in stream:
            plugin.host.publish_delta(delta)
            if not plugin.is_running:
                raise StateError(f"{plugin.id} did not survive {dumps(delta)}: {plugin.why()}")
        return result(plugin)


def difference(one: Any, other: Any) -> str:  # noqa: ANN401 - whatever is compared
    """The first place where two results differ, in words; "" when they are equal."""
    if one == other:
        return ""
    if isinstance(one, dict) and isinstance(other, dict):
        place = next(key for key in [*one, *other] if (key in one, one.get(key)) != (key in other, other.get(key)))
        return f"{place}: {_at(one, place)} as they are, {_at(other, place)} so"
    if isinstance(one, list) and isinstance(other, list):
        one, other = ({f"number {number}": each for number, each in enumerate(found, 1)} for found in (one, other))
        return difference(one, other)
    return f"{one!r} as they are, {other!r} so"


def _at(found: Mapping[str, Any], place: str) -> str:
    return repr(found[place]) if place in found else "nothing"


def _smallest(stream: Stream, differs: Callable[[Stream], bool]) -> Stream:
    """The stream without every delta, and every value, that is not needed for a difference."""
    trials = iter(range(_TRIALS))
    shrunk = True
    while shrunk:
        shrunk = False
        for shorter in _shorter(stream):
            if next(trials, None) is None:
                return stream
            if differs(shorter):
                stream, shrunk = shorter, True
                break
    return stream


def _shorter(stream: Stream) -> list[Stream]:
    """The same without one half, without one delta, or without one value."""
    half = len(stream) // 2
    halves = [stream[half:], stream[:half]] if half else []
    without_one = [[*stream[:at], *stream[at + 1 :]] for at in range(len(stream))]
    singles = [_one_value_each([delta]) for delta in stream]
    without_value = [
        [*stream[:at], *_joined([*values[:which], *values[which + 1 :]]), *stream[at + 1 :]]
        for at, values in enumerate(singles)
        if len(values) > 1
        for which in range(len(values))
    ]
    return [*halves, *without_one, *without_value]


def _one_value_each(stream: Stream) -> list[Delta]:
    cut = []
    for delta in stream:
        for update in delta["updates"]:
            rest = {key: value for key, value in update.items() if key not in _PARTS}
            single = ({**rest, part: [entry]} for part in _PARTS for entry in update.get(part, ()))
            cut += [{**delta, "updates": [each]} for each in single]
    return cut


def _joined(stream: Stream) -> list[Delta]:
    joined: list[Delta] = []
    for delta in stream:
        if joined and joined[-1].get("context") == delta.get("context"):
            joined[-1] = {**joined[-1], "updates": [*joined[-1]["updates"], *delta["updates"]]}
        else:
            joined.append(delta)
    return joined


def _twice(stream: Stream) -> list[Delta]:
    return [each for delta in stream for each in (delta, delta)]


def _by_path(stream: Stream) -> list[Delta]:
    return [delta for group in _paths(stream) for delta in group]


def _by_path_backwards(stream: Stream) -> list[Delta]:
    return [delta for group in reversed(_paths(stream)) for delta in group]


def _paths(stream: Stream) -> list[list[Delta]]:
    """One value in each delta, those of each context and path together."""
    found: dict[tuple[str, str], list[Delta]] = {}
    for delta in _one_value_each(stream):
        update = delta["updates"][0]
        entry = next(update[part][0] for part in _PARTS if part in update)
        found.setdefault((delta.get("context", ""), entry["path"]), []).append(delta)
    return list(found.values())
