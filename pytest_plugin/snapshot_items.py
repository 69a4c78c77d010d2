"""`--wasm-snapshot`: an item for each stream of deltas, which compares what the plugin emits with what was recorded."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest

from conformance.deltas import streams
from conformance.emission import emitted_over
from conformance.verdict import NotJudged
from pytest_plugin import options, selection, snapshots
from refhost.errors import HostError
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_plugin.selected import SelectedPlugin

GROUP = "SNAPSHOT"


class SnapshotDiffers(Exception):  # noqa: N818 - how an item fails
    """What the plugin emits is not what was recorded."""


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


class SnapshotItem(pytest.Item):
    """One stream of one plugin: `<name>::SNAPSHOT::ordinary`."""

    selected: SelectedPlugin

    def runtest(self) -> None:
        """Emit, and compare."""
        try:
            emitted = emitted_over(self.selected.subject, self.name)
        except (NotJudged, HostError) as error:
            raise SnapshotDiffers(printable(f"nothing to compare: {error}", limit=1000)) from None
        # A file for each stream, since xdist may run them in two processes.
        name = f"{self.selected.name}.{self.name}"
        recorded = snapshots.assertion_of(self.config, snapshots.ItemLocation(self), name)
        if recorded == list(emitted):
            return
        lines = snapshots.explanation(recorded) or recorded.get_assert_diff()
        raise SnapshotDiffers("\n".join([self._title(recorded), *map(_indented, lines), _indented(self._again())]))

    def _title(self, recorded: Any) -> str:  # noqa: ANN401 - syrupy's
        latest = recorded.executions[recorded.num_executions - 1]
        word = "has no record yet" if latest.recalled_data is None else "is not what was recorded"
        return f"what the plugin emits over the deltas {self.name!r} {word}"

    def _again(self) -> str:
        nodeid = f"{self.selected.alone}::{GROUP}::{self.name}"
        return f"again: {self.selected.command} --wasm-snapshot {shlex.quote(nodeid)}"

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ANN401 - as pytest has it
        """The difference in words; anything else is a fault of the harness, shown as such."""
        if not isinstance(excinfo.value, SnapshotDiffers):
            return super().repr_failure(excinfo, style)
        shown = excinfo.getrepr(style="value")
        if shown.reprcrash is not None:
            # The title in the short summary and in JUnit: one line, where pytest on a CI machine would show all.
            shown.reprcrash.path = str(self.selected.path)
            shown.reprcrash.message = str(excinfo.value).partition("\n")[0]
        return shown

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """The plugin's path, and the id as the title of a failure."""
        return self.selected.path, None, options.title(self.nodeid)


def _indented(line: str) -> str:
    return f"  {line}"
