"""The saved configuration, as a plugin reads and writes it (contract §3, §4, §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refhost.jsontext import NotJson, dumps, loads
from refhost.services.gate import Refused

if TYPE_CHECKING:
    from refhost.storage import ConfigFile


class ConfigService:
    """Reads and saves one plugin's configuration."""

    def __init__(self, file: ConfigFile) -> None:
        self._file = file

    def read_config(self) -> str:
        """The saved configuration as JSON; `{}` when nothing is saved."""
        return dumps(self._file.read().configuration)

    def save_config(self, text: str) -> None:
        """Save a configuration: a JSON object.

        Raises:
            Refused: the text is not JSON, or JSON of another kind, or the disk does not take it.
        """
        try:
            configuration = loads(text)
        except NotJson as error:
            raise Refused(f"the configuration is not JSON: {error}") from None
        if not isinstance(configuration, dict):
            raise Refused("the configuration is JSON, but not an object")
        self._write(configuration)

    def _write(self, configuration: Any) -> None:  # noqa: ANN401 - JSON
        try:
            self._file.save_configuration(configuration)
        except OSError as error:  # only a real directory fails
            raise Refused(f"the configuration cannot be written: {error}") from None

    @staticmethod
    def data_dir_path() -> str:
        """Where a component finds its files: always the root (contract §3)."""
        return "/"
