"""Snapshots of deltas, in syrupy's amber form: what changes from run to run is marked, and never compared."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syrupy.assertion import SnapshotAssertion
from syrupy.data import SnapshotCollections
from syrupy.extensions.amber import AmberSnapshotExtension
from syrupy.location import PyTestLocation

from conformance import deltas
from conformance.delta_diff import difference
from pytest_plugin import amber
from pytest_plugin.options import SNAPSHOT_FILES
from refhost.host import SELF_ID

if TYPE_CHECKING:
    import pytest

_SIDES = ("now", "in the record")


class DeltaSnapshotExtension(AmberSnapshotExtension):
    """One file for each plugin, in a folder for each test file, beside the user's own tests."""

    # Not .ambr: syrupy's own `snapshot` would take the records of plugins that are not in the run for unused ones.
    file_extension = SNAPSHOT_FILES
    plugin_name = "deltas"

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        """`__snapshots__/<test file>` beside the test."""
        return str(Path(test_location.filepath).parent / str(cls.snapshot_dirname) / test_location.basename)

    @classmethod
    def get_file_basename(cls, *, test_location: PyTestLocation, index: Any) -> str:  # noqa: ANN401, ARG003 - syrupy's
        """The plugin's name."""
        return cls.plugin_name

    def discover_snapshots(
        self,
        *,
        test_location: PyTestLocation,
        ignore_extensions: list[str] | None = None,  # noqa: ARG002 - syrupy's
    ) -> SnapshotCollections:
        """This plugin's file alone: the records of plugins that are not in this run are not to be taken for unused."""
        found = SnapshotCollections()
        own = self.get_location(test_location=test_location, index=0)
        if Path(own).is_file():
            found.add(self.read_snapshot_collection(snapshot_location=own))
        return found

    @classmethod
    def matches_test_location(cls, *, test_location: PyTestLocation, snapshot_location: str) -> bool:
        """Whether a test's deltas of this plugin lie in a file."""
        return Path(snapshot_location) == Path(cls.get_location(test_location=test_location, index=0))

    def serialize(self, data: Any, **kwargs: Any) -> str:  # noqa: ANN401 - syrupy's
        """The deltas with volatile fields marked."""
        return super().serialize(stable(data), **kwargs)


class ItemLocation(PyTestLocation):
    """Where the snapshot of a conformance item belongs: below the project's folder, since no test file has it."""

    def __post_init__(self) -> None:
        """Set what syrupy asks a test's function for."""
        for name, value in (
            ("filepath", str(self.item.config.rootpath / "wasm_snapshot.py")),
            ("modulename", __name__),
            ("methodname", self.item.name),
            ("nodename", self.item.name),
            ("testname", self.item.name),
        ):
            object.__setattr__(self, name, value)  # a frozen dataclass, as syrupy itself sets them


@functools.cache
def extension_for(plugin: str) -> type[DeltaSnapshotExtension]:
    """The extension that writes to the file of one plugin."""
    safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in plugin)
    return type("DeltaSnapshotExtension", (DeltaSnapshotExtension,), {"plugin_name": safe})


def assertion_of(config: pytest.Config, location: PyTestLocation, plugin: str) -> SnapshotAssertion:
    """What deltas of a plugin are compared with.

    It is not made from syrupy's own fixture: that one would look through the folder too, and take every plugin's file
    for its own.
    """
    given = config.option
    updates = ("update_snapshots", "update_new_snapshots_only")
    return SnapshotAssertion(
        **{name: getattr(given, name) for name in updates if hasattr(given, name)},
        extension_class=extension_for(plugin),
        test_location=location,
        session=config._syrupy,  # type: ignore[attr-defined]  # noqa: SLF001 - as its own fixture does
    )


def explanation(compared: object) -> list[str] | None:
    """Why the latest comparison with a snapshot of deltas failed, a line each; None where that cannot be said."""
    if not isinstance(compared, SnapshotAssertion) or not issubclass(compared.extension_class, DeltaSnapshotExtension):
        return None
    result = compared.executions.get(compared.num_executions - 1)
    if result is None or result.exception is not None:
        return None
    file = _below_here(Path(result.snapshot_location))
    if result.recalled_data is None:
        return [
            f"no deltas are recorded as {result.snapshot_name!r} in {file}",
            "record them with --snapshot-update, and look at them before you trust them",
        ]
    recorded, now = amber.parsed(str(result.recalled_data)), amber.parsed(str(result.asserted_data))
    lines = difference(now, recorded, _SIDES)
    if lines is None:
        return None
    return [*lines, f"if this is meant, record it anew with --snapshot-update ({file})"]


def _below_here(path: Path) -> Path:
    """The path as a user would type it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def stable(data: Any) -> Any:  # noqa: ANN401 - deltas, or a plugin, or anything that holds them
    """The same data without what differs from run to run."""
    if hasattr(data, "emitted"):
        data = data.emitted
    return deltas.stable(data, own=f"vessels.{SELF_ID}")
