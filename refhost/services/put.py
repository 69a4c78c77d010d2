"""PUT: a client asks a plugin to change something (contract §13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refhost.errors import PluginError
from refhost.jsontext import NotJson, dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterable

    from refhost.plugin import Plugin

# What the host offers for an answer (contract §2.1).
ANSWER_BYTES = 8192
COMPLETED = "COMPLETED"
_STATES = (COMPLETED, "PENDING")


@dataclass(frozen=True)
class PutAnswer:
    """The answer to a PUT request.

    Attributes:
        state: `COMPLETED` or `PENDING`.
        status_code: as in HTTP.
        message: for a person; "" for none.
    """

    state: str
    status_code: int
    message: str = ""

    def to_json(self) -> dict[str, Any]:
        """The answer as the contract writes it."""
        answer: dict[str, Any] = {"state": self.state, "statusCode": self.status_code}
        return {**answer, "message": self.message} if self.message else answer


# What a client gets in the place of every answer where the answer is lost (D1).
LOST = PutAnswer(COMPLETED, 500, "Cannot read properties of undefined (reading 'state')")


def handler_name(context: str, path: str) -> str:
    """The export that handles a path: dots become `_`, case is kept."""
    return f"handle_put_{context.replace('.', '_')}_{path.replace('.', '_')}"


def put(plugins: Iterable[Plugin], context: str, path: str, value: Any) -> PutAnswer:  # noqa: ANN401 - a JSON value
    """Pass a PUT request to the plugin that takes it; 405 when none does."""
    for plugin in plugins:
        if (context, path) in plugin.puts:
            answer = _ask(plugin, handler_name(context, path), dumps(value))
            return LOST if plugin.switches.departs("D1", handler_name(context, path)) else answer
    return PutAnswer(COMPLETED, 405, f"PUT is not supported for {path}")


def _ask(plugin: Plugin, export: str, value: str) -> PutAnswer:
    if not plugin.exports(export):
        return PutAnswer(COMPLETED, 501, f"the plugin registered a PUT handler and exports no {export}")
    try:
        text = plugin.ask(export, value, ANSWER_BYTES)
    except PluginError as error:
        return PutAnswer(COMPLETED, 500, error.message)
    try:
        answer = loads(text)
    except NotJson as error:
        return _malformed(plugin, export, f"not JSON: {error}")
    if not isinstance(answer, dict) or answer.get("state") not in _STATES:
        return _malformed(plugin, export, "no object with a state COMPLETED or PENDING")
    code = answer.get("statusCode")
    if not isinstance(code, int) or isinstance(code, bool) or not 100 <= code <= 599:
        return _malformed(plugin, export, "no statusCode from 100 to 599")
    message = answer.get("message", "")
    return PutAnswer(answer["state"], code, message if isinstance(message, str) else dumps(message))


def _malformed(plugin: Plugin, export: str, what: str) -> PutAnswer:
    message = f"the answer of {export} is {what}"
    plugin.note(message, export)
    return PutAnswer(COMPLETED, 500, message)
