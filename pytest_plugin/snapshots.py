"""Snapshots of deltas, in syrupy's amber form: what changes from run to run is marked, and never compared."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syrupy.extensions.amber import AmberSnapshotExtension

from refhost.delta import is_timestamp
from refhost.host import SELF_ID

if TYPE_CHECKING:
    from syrupy.location import PyTestLocation


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

    def serialize(self, data: Any, **kwargs: Any) -> str:  # noqa: ANN401 - syrupy's
        """The deltas with volatile fields marked."""
        return super().serialize(stable(data), **kwargs)


@functools.cache
def extension_for(plugin: str) -> type[DeltaSnapshotExtension]:
    """The extension that writes to the file of one plugin."""
    safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in plugin)
    return type("DeltaSnapshotExtension", (DeltaSnapshotExtension,), {"plugin_name": safe})


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
