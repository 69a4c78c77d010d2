"""The twin in Python, as a component. What it does is in corpus/twins/SPEC.md."""

import json
import re
from pathlib import Path

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import full_model, plugin_status
from wit_world.imports.delta_handler import Delta, PathValue, SourceRef, Update, handle_message

ID = "twin-component-python"
NAME = "Twin (Python component)"
SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "limit": {"type": "number", "title": "Speed limit in m/s", "minimum": 0, "maximum": 1000, "default": 5},
        "every": {
            "type": "integer",
            "title": "Seconds from report to report",
            "minimum": 1,
            "maximum": 3600,
            "default": 10,
        },
        "notify": {"type": "boolean", "title": "Notify above the limit", "default": True},
    },
}
ALARM = "notifications.plugins.twin.speed"
DEPTH = "environment.depth.belowTransducer.value"
FILE = Path("/data/twin.json")
FILE_BYTES = 8192
ID_OF_A_PLACE = re.compile(r"[A-Za-z0-9_-]{1,64}")

# JSON whose numbers and members are wanted as they are written, which `json.loads` does not tell.
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+')
NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?)0*([0-9]*))?")


def refuse(name: str) -> None:
    """NaN and infinities are no JSON, whatever Python says."""
    raise ValueError(name)


def members(text: str) -> list[tuple[str, str]] | None:
    """The members of an object, each a name and the text of the value; None where the text is no JSON object."""
    try:
        # As texts, since Python refuses to read integers of thousands of digits.
        json.loads(text, parse_constant=refuse, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
    tokens = list(TOKEN.finditer(text))
    if tokens[0][0] != "{":
        return None
    found = []
    depth = begin = 0
    for index, token in enumerate(tokens):
        if depth == 1 and index > begin and token[0] in ",}":
            value = text[tokens[begin + 2].start() : tokens[index - 1].end()]
            found.append((json.loads(tokens[begin][0]), value))
        depth += (token[0] in ("{", "[")) - (token[0] in ("}", "]"))
        if depth == 1 and (token[0] == "," or index == 0):
            begin = index + 1
    return found


def thousandths(text: str) -> int | None:
    """A number in thousandths, cut towards zero; None if the text is no number, or a million or more.

    Worked out from its digits: the same on every machine.
    """
    match = NUMBER.fullmatch(text)
    if match is None:
        return None
    sign, whole, fraction, exponent_sign, exponent = match.groups(default="")
    digits = (whole + fraction).lstrip("0")
    # An exponent of more digits than these moves the point out of sight in any case.
    places = int(exponent_sign + (exponent[:9] or "0")) + 3 - len(fraction)
    length = len(digits) + places
    if not digits or length <= 0:
        return 0
    if length > 9:
        return None
    number = int(digits[:length].ljust(length, "0"))
    return -number if sign else number


def from_thousandths(number: int) -> str:
    """As JSON, with no more decimals than it needs."""
    return f"{number // 1000}.{number % 1000:03}".rstrip("0").rstrip(".")


class Speeds:
    """The options, and what was heard since the start. Numbers are thousandths."""

    def __init__(self, limit: int = 5000, *, notify: bool = True) -> None:
        self.limit = limit
        self.notify = notify
        self.heard = self.last = self.max = self.sum = 0
        self.alarmed = False

    def hear(self, text: str) -> bool:
        """Counts a speed. Tells whether it was one."""
        speed = thousandths(text.strip())
        if speed is None or speed < 0:
            return False
        self.last = speed
        self.heard += 1
        self.sum += speed
        self.max = max(self.max, speed)
        return True


class State:
    """What the two interfaces share: the server makes an object of each."""

    speeds = Speeds()


def emit(values: dict[str, str]) -> None:
    """Emits one update on the own vessel, of values that are JSON.

    The empty timestamp lets the server fill in the time. Without the capability dataWrite this call does not return:
    the server ends it, and there is no way to ask beforehand.
    """
    pairs = [PathValue(path, value) for path, value in values.items()]
    update = Update(SourceRef(label=ID, type=None), timestamp="", values=pairs)
    handle_message(ID, Delta(context="vessels.self", updates=[update]))


def configured(text: str) -> Speeds:
    """With the options of a configuration.

    Raises:
        ValueError: what is wrong with it.
    """
    found = members(text)
    if found is None:
        raise ValueError("The configuration is not a JSON object")
    options = dict(found)
    limit = thousandths(options.get("limit", "5"))
    if limit is None or not 0 <= limit <= 1_000_000:
        raise ValueError("limit is a number from 0 to 1000")
    every = thousandths(options.get("every", "10"))
    if every is None or every % 1000 or not 1000 <= every <= 3_600_000:
        raise ValueError("every is a whole number from 1 to 3600")
    notify = options.get("notify", "true")
    if notify not in ("true", "false"):
        raise ValueError("notify is true or false")
    return Speeds(limit, notify=notify == "true")


def count_start() -> tuple[int, bool]:
    """Counts a start in the file, and leaves the places that are in it; the count, and whether it was kept."""
    try:
        with FILE.open("rb") as file:
            data = file.read(FILE_BYTES + 1)
        text = data.decode() if len(data) <= FILE_BYTES else ""
    except (OSError, ValueError):
        text = ""
    kept = dict(members(text) or [])
    starts = max(thousandths(kept.get("starts", "0")) or 0, 0) // 1000 + 1
    places = kept.get("places", "{}")
    found = members(places)
    if found is None or not all(ID_OF_A_PLACE.fullmatch(name) and value[0] == "{" for name, value in found):
        places = "{}"
    try:
        FILE.write_bytes(f'{{"starts":{starts},"places":{places}}}'.encode())
    except OSError:
        return starts, False
    return starts, True


def watch(speeds: Speeds) -> None:
    """Raises the alarm, or ends it."""
    above = speeds.last > speeds.limit
    if not speeds.notify or above == speeds.alarmed:
        return
    speeds.alarmed = above
    is_above = "is above" if above else "is not above"
    message = f"Speed {from_thousandths(speeds.last)} m/s {is_above} {from_thousandths(speeds.limit)} m/s"
    metres = thousandths((full_model.get_self_path(DEPTH) or "").strip())
    if above and metres is not None and metres >= 0:
        message += f", at a depth of {from_thousandths(metres)} m"
    state, method = ("alert", ["visual"]) if above else ("normal", [])
    emit({ALARM: json.dumps({"state": state, "method": method, "message": message})})


class PluginInterface(exports.PluginInterface):
    """What the server calls."""

    def id(self) -> str:
        return ID

    def name(self) -> str:
        return NAME

    def schema(self) -> str:
        return json.dumps(SCHEMA, separators=(",", ":"))

    def start(self, text: str) -> None:
        try:
            State.speeds = configured(text)
        except ValueError as wrong:
            plugin_status.set_plugin_error(str(wrong))
            raise Err(str(wrong)) from None
        starts, kept = count_start()
        if not kept:
            plugin_status.set_plugin_error("Cannot write /data/twin.json")
        emit({"plugins.twin.starts": str(starts), "plugins.twin.limit": from_thousandths(State.speeds.limit)})
        if kept:
            plugin_status.set_plugin_status(f"Started, run {starts}")

    def stop(self) -> None:
        if State.speeds.alarmed:
            State.speeds.alarmed = False
            emit({ALARM: "null"})
        plugin_status.set_plugin_status("Stopped")


class DeltaHandler(exports.DeltaHandler):
    """What the server calls for every delta."""

    def on_delta(self, delta: Delta) -> None:
        speeds = State.speeds
        values = [value for update in delta.updates for value in update.values]
        heard = [speeds.hear(value.value) for value in values if value.path == "navigation.speedOverGround"]
        if any(heard):
            emit(
                {
                    "plugins.twin.heard": str(speeds.heard),
                    "plugins.twin.mean": from_thousandths(speeds.sum // speeds.heard),
                    "plugins.twin.max": from_thousandths(speeds.max),
                }
            )
            watch(speeds)

    def handle_message(self, plugin_id: str, delta: Delta) -> None:
        """The interface has this function too, in the other direction. No server calls it."""
