"""Where plugins' files and configurations are kept: `plugin-config-data` of one host (contract §8).

The configuration file lies beside the plugin's folder, not in it (R2): no path of a plugin leads there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pyfakefs.fake_filesystem import FakeFilesystem

from refhost.jsontext import NotJson, dumps, loads
from refhost.wasi.vfs import Vfs
from refhost.wasi.vfs.memory import memory_tree

if TYPE_CHECKING:
    from refhost.clock import Clock

ROOT = "/plugin-config-data"


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

    def __init__(self, files: FakeFilesystem, path: str) -> None:
        self._files = files
        self._path = path

    @property
    def exists(self) -> bool:
        """Whether anything was ever saved."""
        return bool(self._files.exists(self._path))

    def read(self) -> SavedConfig:
        """What is saved; a file that is missing or unreadable reads as disabled and empty (§8)."""
        if not self._files.exists(self._path):
            return SavedConfig()
        contents = self._files.get_object(self._path).byte_contents or b""
        try:
            saved = loads(contents.decode("utf-8"))
        except (NotJson, UnicodeDecodeError):
            return SavedConfig()
        if not isinstance(saved, dict):
            return SavedConfig()
        configuration = saved.get("configuration")
        return SavedConfig(
            saved.get("enabled") is True,
            saved.get("enableDebug") is True,
            configuration if isinstance(configuration, dict) else {},
        )

    def save_configuration(self, configuration: dict[str, Any]) -> None:
        """Replace the configuration; `enabled` and `enableDebug` stay as they are (§8)."""
        self.write(replace(self.read(), configuration=configuration))

    def write(self, saved: SavedConfig) -> None:
        """Replace the file."""
        fresh = f"{self._path}.new"
        if self._files.exists(fresh):
            self._files.remove_object(fresh)
        self._files.create_file(fresh, contents=saved.to_json().encode("utf-8"))
        if self._files.exists(self._path):
            self._files.remove_object(self._path)
        self._files.rename(fresh, self._path)


class Storage:
    """The storage of one host, in memory: nothing of it is ever on the machine's disk."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._files = FakeFilesystem(path_separator="/")
        self._files.create_dir(ROOT)
        self._trees: dict[str, Vfs] = {}

    def vfs(self, plugin_id: str) -> Vfs:
        """The file tree of a plugin, made at first with `data`, `config` and `tmp`; the same one ever after."""
        if plugin_id not in self._trees:
            root = memory_tree(self._files, f"{ROOT}/{folder_name(plugin_id)}/vfs")
            self._trees[plugin_id] = Vfs(root, clock=self._clock)
        return self._trees[plugin_id]

    def config_file(self, plugin_id: str) -> ConfigFile:
        """The server's file about a plugin."""
        return ConfigFile(self._files, f"{ROOT}/{folder_name(plugin_id)}.json")


def folder_name(plugin_id: str) -> str:
    """A plugin's id as one name of a folder: an id comes from the plugin, and must not be a path."""
    safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in plugin_id)[:200]
    return safe if safe.strip(".") else f"_{safe}"
