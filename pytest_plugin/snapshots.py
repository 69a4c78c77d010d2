"""Snapshots of deltas, in syrupy's amber form: what changes from run to run is marked, and never compared."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syrupy.assertion import SnapshotAssertion
from syrupy.data import SnapshotCollections
from syrupy.extensions.amber import AmberSnapshotExtension
from syrupy.location import PyTestLocation

from refhost.delta import is_timestamp
from refhost.host import SELF_ID

if TYPE_CHECKING:
    import pytest


class DeltaSnapshotExtension(AmberSnapshotExtension):
    """One file for each plugin, in a folder for each test file, beside the user's own tests."""

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


@functools.cache
def extension_for(plugin: str) -> type[DeltaSnapshotExtension]:
    """The extension that writes to the file of one plugin."""
    safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in plugin)
    return type("DeltaSnapshotExtension", (DeltaSnapshotExtension,), {"plugin_name": safe})


def assertion_of(request: pytest.FixtureRequest, plugin: str) -> SnapshotAssertion:
    """What a test compares with.

    It is not made from syrupy's own fixture: that one would look through the folder too, and take every plugin's file
    for its own.
    """
    given = request.config.option
    updates = ("update_snapshots", "update_new_snapshots_only")
    return SnapshotAssertion(
        **{name: getattr(given, name) for name in updates if hasattr(given, name)},
        extension_class=extension_for(plugin),
        test_location=PyTestLocation(request.node),
        session=request.config._syrupy,  # type: ignore[attr-defined]  # noqa: SLF001 - as its own fixture does
    )


def stable(data: Any) -> Any:  # noqa: ANN401 - deltas, or a plugin, or anything that holds them
    """The same data with every time as `<time>`, and the own vessel as `vessels.self`."""
    if hasattr(data, "emitted"):
        data = data.emitted
    if isinstance(data, dict):
        return {key: "<time>" if key == "timestamp" else stable(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [stable(value) for value in data]
    if data == f"vessels.{SELF_ID}":
        return "vessels.self"
    return "<time>" if is_timestamp(data) else data
