"""The server's file about a plugin, `{id}.json`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from refhost.jsontext import NotJson, dumps, loads

if TYPE_CHECKING:
    from refhost.storage.folder import Folder


@dataclass(frozen=True)
class SavedConfig:
    """What the server keeps for a plugin."""

    enabled: bool = False
    enable_debug: bool = False
    configuration: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """The file's text."""
        return dumps({"enabled": self.enabled, "enableDebug": self.enable_debug, "configuration": self.configuration})


class ConfigFile:
    """One plugin's `{id}.json`, replaced as a whole by each save: a reader sees the old one or the new one."""

    def __init__(self, folder: Folder, name: str) -> None:
        self._folder = folder
        self._name = name

    @property
    def exists(self) -> bool:
        """Whether anything was ever saved."""
        return self._folder.exists(self._name)

    def read(self) -> SavedConfig:
        """What is saved; a file that is missing or unreadable reads as disabled and empty (§8)."""
        saved = self._object()
        configuration = saved.get("configuration")
        return SavedConfig(
            saved.get("enabled") is True,
            saved.get("enableDebug") is True,
            configuration if isinstance(configuration, dict) else {},
        )

    def read_any(self) -> Any:  # noqa: ANN401 - JSON
        """The configuration as it is in the file, of whatever type; `{}` where there is none."""
        return self._object().get("configuration") or {}

    def _object(self) -> dict[str, Any]:
        try:
            saved = loads(self._folder.read(self._name).decode("utf-8"))
        except (OSError, NotJson, UnicodeDecodeError):
            return {}
        return saved if isinstance(saved, dict) else {}

    def save_configuration(self, configuration: dict[str, Any]) -> None:
        """Replace the configuration; `enabled` and `enableDebug` stay as they are (§8).

        Raises:
            OSError: as `write` does.
        """
        self.write(replace(self.read(), configuration=configuration))

    def write(self, saved: SavedConfig) -> None:
        """Replace the file.

        Raises:
            OSError: the disk is full, or does not let us; the old file is there still.
        """
        self._folder.replace(self._name, saved.to_json().encode("utf-8"))
