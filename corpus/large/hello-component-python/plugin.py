"""A Signal K plugin that is a WebAssembly component, in Python.

It counts its starts in a file, tells the count in a delta, and answers every delta that carries a speed over
ground with a delta that says how many it has heard.
"""

import json
import re
from pathlib import Path

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import plugin_status
from wit_world.imports.delta_handler import Delta, PathValue, SourceRef, Update, handle_message

ID = "hello-component-python"
NAME = "Hello Component Python"
SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {"answer": {"type": "boolean", "title": "Answer deltas", "default": True}},
}

# What is in the directory "data" stays from run to run.
COUNTER_FILE = Path("/data/starts.txt")
COUNT = re.compile(rb"[ \t\n\r]*([0-9]{1,9})[ \t\n\r]*")


class State:
    """What the two interfaces share: the server makes an object of each."""

    # Whether deltas are answered: while the plugin runs, if the configuration allows it.
    answering = False
    heard = 0

    def reset(self) -> None:
        self.answering = False
        self.heard = 0


state = State()


def emit(**values: object) -> None:
    """Emits one update on the own vessel, of values at paths below `plugins.hello`.

    The empty timestamp lets the server fill in the time. Without the capability dataWrite this call does not return:
    the server ends it, and there is no way to ask beforehand.
    """
    pairs = [PathValue(f"plugins.hello.{name}", json.dumps(value)) for name, value in values.items()]
    update = Update(SourceRef(label=ID, type=None), timestamp="", values=pairs)
    handle_message(ID, Delta(context="vessels.self", updates=[update]))


def parse_object(text: str) -> dict[str, object] | None:
    """The object that a JSON text is; None where it is anything else."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def read_counter() -> int:
    """The number in the file. No file, or anything else in it, counts as 0."""
    try:
        with COUNTER_FILE.open("rb") as file:
            match = COUNT.fullmatch(file.read(32))
    except OSError:
        return 0
    return int(match[1]) if match else 0


def write_counter(count: int) -> bool:
    """Tells whether that worked."""
    try:
        COUNTER_FILE.write_text(str(count))
    except OSError:
        return False
    return True


class PluginInterface(exports.PluginInterface):
    """What the server calls."""

    def id(self) -> str:
        return ID

    def name(self) -> str:
        return NAME

    def schema(self) -> str:
        return json.dumps(SCHEMA, separators=(",", ":"))

    def start(self, text: str) -> None:
        state.reset()
        config = parse_object(text)
        if config is None:
            message = "The configuration is not a JSON object"
            plugin_status.set_plugin_error(message)
            raise Err(message)
        state.answering = config.get("answer") is not False

        starts = read_counter() + 1
        kept = write_counter(starts)
        if not kept:
            plugin_status.set_plugin_error("Cannot keep the count of starts in /data/starts.txt")
        emit(starts=starts, language="Python component")
        if kept:
            plugin_status.set_plugin_status(f"Started, run {starts}")

    def stop(self) -> None:
        state.reset()
        plugin_status.set_plugin_status("Stopped")


class DeltaHandler(exports.DeltaHandler):
    """What the server calls for every delta."""

    def on_delta(self, delta: Delta) -> None:
        paths = {value.path for update in delta.updates for value in update.values}
        if state.answering and "navigation.speedOverGround" in paths:
            state.heard += 1
            emit(heard=state.heard)

    def handle_message(self, plugin_id: str, delta: Delta) -> None:
        """The interface has this function too, in the other direction. No server calls it."""
