"""Reading the data model, for a plugin (contract §12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.jsontext import dumps
from refhost.services.gate import Refused

if TYPE_CHECKING:
    from refhost.model import Model


class ReadingService:
    """Answers with JSON text, or None where there is nothing (R24: the whole node, not the bare value)."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def get_self_path(self, path: str) -> str | None:
        """What is below the own vessel."""
        return _text(self._model.self_path(path))

    def get_path(self, path: str) -> str | None:
        """What is below the root of the model."""
        return _text(self._model.path(path))


def _text(node: object | None) -> str | None:
    try:
        return None if node is None else dumps(node)
    except RecursionError:  # a delta with a path of very many parts has been there
        raise Refused("what is there nests too deep to be written as JSON") from None
