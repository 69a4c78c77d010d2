"""`--wasm-snapshot`: an item for each stream of deltas, which compares what the plugin emits with what was recorded."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest

from conformance.deltas import streams
from conformance.emission import emitted_over
from conformance.verdict import NotJudged
from pytest_plugin import selection, snapshots
from pytest_plugin.item import ItemFails, SelectedItem
from refhost.errors import HostError
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_plugin.selected import SelectedPlugin

GROUP = "SNAPSHOT"


class SnapshotCollector(pytest.Collector):
    """The items of one plugin: `<name>::SNAPSHOT`."""

    selected: SelectedPlugin

    def collect(self) -> Iterator[pytest.Item]:
        """An item for each stream."""
        for name in streams():
            item = SnapshotItem.from_parent(self, name=name)
            item.selected = self.selected
            item.stash[selection.CONFORMANCE] = True
            yield item


class SnapshotItem(SelectedItem):
    """One stream of one plugin: `<name>::SNAPSHOT::ordinary`."""

    selected: SelectedPlugin

    def runtest(self) -> None:
        """Emit, and compare."""
        try:
            emitted = emitted_over(self.selected.subject, self.name)
        except (NotJudged, HostError) as error:
            raise ItemFails(printable(f"nothing to compare: {error}", limit=1000)) from None
        # A file for each stream, since xdist may run them in two processes.
        name = f"{self.selected.name}.{self.name}"
        recorded = snapshots.assertion_of(self.config, snapshots.ItemLocation(self), name)
        if recorded == list(emitted):
            return
        lines = snapshots.explanation(recorded) or recorded.get_assert_diff()
        raise ItemFails("\n".join([self._title(recorded), *map(_indented, lines), _indented(self._again())]))

    def _title(self, recorded: Any) -> str:  # noqa: ANN401 - syrupy's
        latest = recorded.executions[recorded.num_executions - 1]
        word = "has no record yet" if latest.recalled_data is None else "is not what was recorded"
        return f"what the plugin emits over the deltas {self.name!r} {word}"

    def _again(self) -> str:
        nodeid = f"{self.selected.alone}::{GROUP}::{self.name}"
        return f"again: {self.selected.command} --wasm-snapshot {shlex.quote(nodeid)}"


def _indented(line: str) -> str:
    return f"  {line}"
