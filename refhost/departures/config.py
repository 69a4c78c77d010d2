"""What the server does with configurations: two copies of one (D6), and a file that is not there (D5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.jsontext import NotJson, dumps, loads
from refhost.services.config import ConfigService
from refhost.services.gate import Refused

if TYPE_CHECKING:
    from refhost.profiles import Switches
    from refhost.storage import ConfigFile, SavedConfig


class RememberedConfig:
    """What the server holds in memory: what was there when the plugin was loaded, and what users saved since (D6)."""

    def __init__(self, file: ConfigFile, switches: Switches) -> None:
        self._file = file
        self._switches = switches
        self._saved = file.read()

    def read(self) -> SavedConfig:
        """What a start gets; what the plugin itself saved is in the file alone."""
        written = self._file.read()
        return self._saved if written != self._saved and self._switches.departs("D6", "start") else written

    def write(self, saved: SavedConfig) -> None:
        """A user saves: both copies are the same then."""
        self._file.write(saved)
        self._saved = saved


class SwitchedConfigService(ConfigService):
    """`sk_read_config` and `sk_save_config` of a host of any profile."""

    def __init__(self, file: ConfigFile, switches: Switches, *, scoped: bool) -> None:
        super().__init__(file)
        self._switches = switches
        self._scoped = scoped

    def read_config(self) -> str:
        """The configuration in the file, which may be any JSON; `{}` for a scoped package."""
        if self._scoped and self._switches.departs("D5", "sk_read_config"):
            return "{}"
        return dumps(self._file.read_any()) if self._switches.has("D6") else super().read_config()

    def save_config(self, text: str) -> None:
        """Write the file; any JSON will do.

        Raises:
            Refused: the text is not JSON, or the package is scoped.
        """
        if self._scoped and self._switches.departs("D5", "sk_save_config"):
            raise Refused("the folder that a scoped package's configuration is looked for in is not there (D5)")
        try:
            super().save_config(text)
        except Refused:
            if not _is_json_of_another_kind(text) or not self._switches.departs("D6", "sk_save_config"):
                raise
            self._write(loads(text))


def _is_json_of_another_kind(text: str) -> bool:
    """Whether it is JSON, and no object."""
    try:
        return not isinstance(loads(text), dict)
    except NotJson:
        return False
