"""Reading the data model, for a plugin (contract §12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.jsontext import dumps
from refhost.profiles import BY_THE_BOOK, Switches
from refhost.services.gate import Refused

if TYPE_CHECKING:
    from refhost.model import Model


class ReadingService:
    """Answers with JSON text, or None where there is nothing (R24: the whole node, not the bare value)."""

    def __init__(self, model: Model, switches: Switches = BY_THE_BOOK) -> None:
        self._model = model
        self._switches = switches

    def get_self_path(self, path: str) -> str | None:
        """What is below the own vessel."""
        found = self._model.self_path(path)
        return None if found is not None and self._switches.departs("D2", "sk_get_self_path") else _text(found)

    def get_path(self, path: str) -> str | None:
        """What is below the root of the model."""
        return _text(self._model.path(path))


def _text(node: object | None) -> str | None:
    try:
        return None if node is None else dumps(node)
    except RecursionError:  # a delta with a path of very many parts has been there
        raise Refused("what is there nests too deep to be written as JSON") from None
