"""One plugin in a host that is reached through the driver protocol; see `Session`."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from conformance.drivers.faults import HostGone, decoded
from conformance.drivers.records import HttpReply, PutReply
from refhost.jsontext import NotJson, dumps, loads
from refhost.services.sockets import OpenSocket

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.drivers.records import EmittedText, FetchRequest, FileOperation, LogRecord, StreamData
    from conformance.drivers.remote import RemoteHost
    from refhost.capabilities import Grants
    from refhost.delta import Delta
    from refhost.package import PluginPackage


class RemoteSession:
    """A plugin in a remote host.

    Args:
        home: the host.
        package: that it was loaded from.
        loaded: what the host replied to that.
        since: how many claims there were when it was to be loaded.
    """

    def __init__(self, home: RemoteHost, package: PluginPackage, loaded: dict[str, Any], *, since: int) -> None:
        self._home = home
        self._package = package
        self._among = len(home.sessions)
        self._since = since
        self.steps = home.steps
        self._note_loaded(loaded)

    def _note_loaded(self, loaded: dict[str, Any]) -> None:
        self.id: str = loaded["plugin"]
        self.name: str = loaded["name"]
        self.schema_text: str = loaded["schema_text"]
        self._note(loaded)

    def _note(self, standing: dict[str, Any]) -> str:
        self._standing, self._noted = standing, self._home.moment
        state: str = standing["state"]
        return state

    def _step(self, text: str) -> None:
        """Note a step; of the plugins that came after the first with their ids."""
        self.steps.append(f"{self.id}: {text}" if self._among else text)

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:  # noqa: ANN401 - what the method takes
        return self._home.call(method, plugin=self.id, **params)

    def _now(self) -> dict[str, Any]:
        """How it stands."""
        if self._noted != self._home.moment or not self._home.stands_still:
            self._note(self._ask("state"))
        return self._standing

    @property
    def state(self) -> str:
        """Its state."""
        state: str = self._now()["state"]
        return state

    @property
    def fault(self) -> str:
        """How the first bad call since its last start ended."""
        fault: str = self._now().get("fault", "")
        return fault

    def why(self) -> str:
        """Why it is not running, or was not."""
        why: str = self._now().get("why", "")
        return why or f"its state is {self.state}"

    @property
    def status_code(self) -> int | str:
        """What its last start or stop returned."""
        code: int | str = self._now().get("status_code", 0)
        return code

    # Its life.

    def start(self, config: Mapping[str, Any]) -> str:
        """Start with a configuration object."""
        text = dumps(dict(config))
        self._step(f"start {text}")
        return self._note(self._ask("start", config_text=text))

    def start_with(self, text: str) -> str:
        """Start with any text."""
        self._step(f"start with the text {text!r}")
        return self._note(self._ask("start_with", text=text))

    def stop(self) -> str:
        """Stop."""
        self._step("stop")
        return self._note(self._ask("stop"))

    def publish(self, delta: Delta) -> None:
        """Put a delta on the bus."""
        self._home.publish(delta)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._home.advance(seconds)

    def unload(self) -> None:
        """Unload."""
        self._step("unload it")
        self._ask("unload")

    def reload(self, *, grants: Grants | None = None) -> None:
        """Unload and load again."""
        held = f", holding {grants} from now on" if grants else ""
        self._step(f"unload it, and load it again{held}")
        self._ask("unload")
        self._package = self._package.with_grants(grants) if grants else self._package
        self._since = self._home.claims
        self._note_loaded(self._home.load_again(self._package))

    def hot_reload(self) -> str:
        """Reload while it runs."""
        self._step("reload it while it runs")
        self._note_loaded(self._ask("hot_reload"))
        return self.state

    # What clients ask of it.

    def put(self, context: str, path: str, value: Any) -> PutReply:  # noqa: ANN401 - a JSON value
        """A client's PUT."""
        self._step(f"PUT {dumps(value)} to {context} {path}")
        reply = self._home.call("put", context=context, path=path, value_text=dumps(value))
        return PutReply(reply["state"], reply["status_code"], reply["message"])

    def http(self, method: str, path: str, *, body: str = "", headers: Mapping[str, str] | None = None) -> HttpReply:
        """A client's request to its pages."""
        return self._home.request(method, f"/plugins/{quote(self.id, safe='')}{path}", body=body, headers=headers)

    @property
    def endpoints_text(self) -> str | None:
        """What `http_endpoints` returns."""
        text: str | None = self._ask("endpoints")["text"]
        return text

    def exports(self, name: str) -> bool:
        """Whether it has this handler."""
        found: bool = self._ask("exports", export=name)["found"]
        return found

    def ask(self, export: str, request: str, room: int = 65536) -> str:
        """Call a handler."""
        self._step(f"call {export} with {request}")
        answer: str = self._ask("ask", export=export, request=request, room=room)["answer"]
        return answer

    # The world around it.

    def respond(self, url: str, body: object = b"", *, status: int = 200) -> None:
        """Program an answer."""
        self._step(f"answer requests to {url} with {status}")
        text = body if isinstance(body, (bytes, str)) else dumps(body)
        self._home.call("respond", url=url, status=status, body_b64=_base64(text))

    @property
    def requests(self) -> Sequence[FetchRequest]:
        """The HTTP requests."""
        return self._home.requests

    @property
    def streams(self) -> Sequence[StreamData]:
        """What was emitted on streams."""
        return self._home.streams

    @property
    def open_sockets(self) -> Sequence[OpenSocket]:
        """Its open sockets."""
        return [OpenSocket(**socket) for socket in self._ask("sockets")["sockets"]]

    def send_datagram(self, port: int, data: bytes) -> None:
        """Send a datagram."""
        self._step(f"send {len(data)} bytes to UDP port {port}: {data[:40]!r}")
        self._home.call("send_datagram", port=port, data_b64=_base64(data))

    def fail_sockets(self, at: str) -> None:
        """Make its sockets fail."""
        self._step(f"from here on sockets fail at {at}")
        self._home.call("fail_sockets", at=at)

    def answer_connections(self) -> None:
        """Take every TCP connection."""
        self._step("from here on somebody takes every TCP connection")
        self._home.call("answer_connections")

    @property
    def connections(self) -> int:
        """How many were taken."""
        count: int = self._home.call("connections")["count"]
        return count

    def send_to_connections(self, *chunks: bytes) -> None:
        """Send to every open one."""
        size = sum(map(len, chunks))
        self._step(f"send {size} bytes to its TCP connections: {b''.join(chunks)[:40]!r}")
        self._home.call("send_to_connections", chunks_b64=[_base64(chunk) for chunk in chunks])

    def close_connections(self) -> None:
        """Close every one."""
        self._step("close its TCP connections from the other end")
        self._home.call("close_connections")

    # What came of it.

    @property
    def memory_bytes(self) -> int:
        """Its linear memory."""
        size: int = self._ask("memory")["bytes"]
        return size

    @property
    def claims(self) -> Sequence[EmittedText]:
        """What it gave to be emitted."""
        return self._home.claims_of(self.id, self._since)

    @property
    def emitted(self) -> Sequence[Delta]:
        """What a client of the host's stream sees of it."""
        return [_json(d.text, "a delta of the host's stream") for d in self._home.deltas if d.source == self.id]

    @property
    def log(self) -> Sequence[LogRecord]:
        """What the host's log holds of it."""
        return self._home.log_of(self.id)

    @property
    def status(self) -> str:
        """Its latest status."""
        return self._home.latest("status", self.id)

    @property
    def error(self) -> str:
        """Its latest error."""
        return self._home.latest("error", self.id)

    @property
    def configuration(self) -> Mapping[str, Any]:
        """Its saved configuration."""
        saved: Mapping[str, Any] = _json(self._ask("configuration")["config_text"], "the saved configuration")
        return saved

    @property
    def registered(self) -> Sequence[str]:
        """Its registrations."""
        found: list[str] = self._ask("registered")["registered"]
        return found

    @property
    def files(self) -> Mapping[str, bytes]:
        """Its files."""
        return {path: decoded(data) for path, data in self._ask("files")["files_b64"].items()}

    def write_file(self, path: str, data: bytes) -> None:
        """Put a file into its tree."""
        self._step(f"put {len(data)} bytes into {path}: {data[:40]!r}")
        self._ask("write_file", path=path, data_b64=_base64(data))

    def empty_tmp(self) -> None:
        """Empty tmp/."""
        self._step("empty /tmp")
        self._ask("empty_tmp")

    def fail_writes(self, error: str) -> None:
        """Make every change of its files fail."""
        self._step(f"from here on every change of a file fails with {error}")
        self._ask("fail_writes", error=error)

    @property
    def file_operations(self) -> Sequence[FileOperation]:
        """What it did with files."""
        return self._home.operations_of(self.id)

    def strings_out(self, size: int) -> Mapping[str, tuple[int, int]]:
        """Call each text export with a small buffer."""
        self._step(f"call plugin_id, plugin_name and plugin_schema with a buffer of {size} bytes")
        return {export: (pair[0], pair[1]) for export, pair in self._ask("strings_out", size=size)["found"].items()}

    def allocations(self, sizes: Sequence[int]) -> Sequence[str]:
        """Allocate blocks."""
        self._step(f"allocate blocks of {', '.join(map(str, sizes))} bytes")
        wrong: list[str] = self._ask("allocations", sizes=list(sizes))["wrong"]
        return wrong


def _base64(data: bytes | str) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode("ascii")


def _json(text: str, what: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return loads(text)
    except NotJson as error:
        raise HostGone(f"What the host gives as {what} is not JSON: {error}.") from None
