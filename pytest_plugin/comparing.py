"""What a failed `==` of deltas says: which update, which path, which field. Nothing heavy is imported for others."""

from __future__ import annotations

import sys


def explained(op: str, left: object, right: object) -> list[str] | None:
    """The lines of an assertion's message; None for everything that is no comparison of deltas."""
    if op != "==":
        return None
    snapshots = sys.modules.get("pytest_plugin.snapshots")  # there, if any test compares with `delta_snapshot`
    if snapshots is not None:
        for side in (left, right):
            lines: list[str] | None = snapshots.explanation(side)
            if lines:
                return ["the deltas are not those that were recorded:", *lines]
    if not (_may_be_deltas(left) and _may_be_deltas(right)):
        return None
    from conformance.delta_diff import difference

    lines = difference(left, right)
    return [f"{_shown(left)} == {_shown(right)}", *lines] if lines else None


def _may_be_deltas(value: object) -> bool:
    """Whether this is a delta or a list of deltas, at first sight."""
    if type(value) is list or type(value) is tuple:  # a class of its own may do anything when it is looked at
        return not value or _may_be_a_delta(value[0])
    return _may_be_a_delta(value)


def _may_be_a_delta(value: object) -> bool:
    return type(value) is dict and "updates" in value


def _shown(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "1 delta" if len(value) == 1 else f"{len(value)} deltas"
    return "a delta"
