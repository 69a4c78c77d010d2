"""Every request of the driver protocol, carried out on a host of this process through the driver interface."""

from __future__ import annotations

import base64
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.drivers.features import Unsupported
from conformance.drivers.interface import KeepsFiles
from conformance.drivers.protocol import VERSION
from conformance.drivers.records import Installed
from conformance.drivers.reference import fault_name
from conformance.drivers.told import Told
from refhost.capabilities import Grants
from refhost.errors import (
    BinaryError,
    ConfigurationError,
    DeniedError,
    HostError,
    LinkError,
    PackageError,
    PluginError,
    PluginTimeout,
    StateError,
)
from refhost.jsontext import NotJson, dumps, loads
from refhost.package import PluginPackage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.drivers.interface import Driver, HostSession, ProviderKind, Session

Message = dict[str, Any]

# The code for an error; of several that fit, the first.
_CODES: tuple[tuple[type[HostError], str], ...] = (
    (Unsupported, "unsupported"),
    (LinkError, "link"),
    (PluginTimeout, "timeout"),
    (DeniedError, "denied"),
    (PluginError, "trap"),
    (BinaryError, "validate"),
    (PackageError, "validate"),
    (ConfigurationError, "validate"),
    (StateError, "status"),
)


class BadRequest(Exception):  # noqa: N818 - what it is
    """A request that cannot be carried out.

    Attributes:
        code: of the reply.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def failure(error: HostError) -> Message:
    """The `error` of a reply."""
    code = next((code for kind, code in _CODES if isinstance(error, kind)), "host")
    found = {"code": code, "message": error.message, "hint": error.hint}
    if isinstance(error, PluginError):
        found |= {"function": error.function, "fault": fault_name(error)}
    return {key: text for key, text in found.items() if text}


class Served:
    """The hosts of a driver, one at a time; a method for each of the protocol, with an underscore before its name.

    Args:
        driver: makes the driver, with a seed.
    """

    def __init__(self, driver: Callable[[int], Driver]) -> None:
        self._make = driver
        self._driver: Driver | None = None
        self._stack = ExitStack()
        self._fresh: HostSession | None = None
        self._call_seconds: float | None = None
        self._place: Path | None = None
        self._sessions: dict[str, Session] = {}
        self._left: dict[str, Session] = {}  # that were unloaded, and have not told of it
        self._told_so_far = Told()

    def answer(self, method: str, params: Message) -> Message:
        """Carry out a request that is as the protocol has it; the result.

        Raises:
            BadRequest: something in it cannot be used.
            HostError: the host cannot do it.
        """
        result: Message | None = getattr(self, f"_{method}")(**params)
        return result or {}

    def news(self) -> Iterator[Message]:
        """The events of what has happened since they were asked for last."""
        if self._fresh is not None:
            yield from self._told_so_far.news(self._fresh, {**self._left, **self._sessions})
            self._left.clear()

    @property
    def _host(self) -> HostSession:
        if self._driver is None:
            raise BadRequest("status", "The first request is hello.")
        if self._fresh is None:
            driver = self._driver
            if self._place is not None and isinstance(driver, KeepsFiles):
                driver = driver.on_disk(self._place)
            self._fresh = self._stack.enter_context(driver.host(call_seconds=self._call_seconds))
        return self._fresh

    def _before_it_begins(self) -> None:
        if self._fresh is not None:
            raise BadRequest("status", "The host is there already.")

    def _of(self, plugin: str) -> Session:
        if plugin not in self._sessions:
            raise BadRequest("not_found", f"There is no plugin {plugin!r}.")
        return self._sessions[plugin]

    @property
    def _anyone(self) -> Session:
        """Any plugin: what is asked for is about the whole host."""
        if not self._sessions:
            raise BadRequest("not_found", "There is no plugin.")
        return next(iter(self._sessions.values()))

    # The protocol itself.

    def _hello(self, protocol: int, seed: int) -> Message:
        if protocol != VERSION:
            raise BadRequest("unsupported", f"This driver speaks version {VERSION} of the protocol, not {protocol}.")
        driver = self._driver = self._make(seed)
        features = sorted(driver.features)
        return {"protocol": VERSION, "host": driver.name, "version": driver.version, "features": features}

    def _reset(self) -> None:
        self._sessions.clear()
        self._left.clear()
        self._told_so_far = Told()
        self._fresh = self._call_seconds = self._place = None
        self._stack.close()

    _shutdown = _reset

    def _limits(self, call_seconds: float) -> None:
        self._before_it_begins()
        self._call_seconds = call_seconds

    def _directory(self, path: str) -> None:
        self._before_it_begins()
        self._place = Path(path)

    def _barrier(self) -> None:
        """Nothing waits to be told."""

    # A plugin's life.

    def _load(self, **package: Any) -> Message:  # noqa: ANN401 - the members of a package
        session = self._host.load(_received(package))
        self._sessions[session.id] = session
        return _loaded(session)

    def _boot(self, plugins: list[Message]) -> Message:
        booted = self._host.boot(*map(_installed, plugins))
        self._sessions |= {session.id: session for session in booted}
        return {"plugins": [_loaded(session) for session in booted]}

    def _unload(self, plugin: str) -> None:
        self._of(plugin).unload()
        self._left[plugin] = self._sessions.pop(plugin)

    def _start(self, plugin: str, config_text: str) -> Message:
        session = self._of(plugin)
        session.start(_object(config_text))
        return _standing(session)

    def _start_with(self, plugin: str, text: str) -> Message:
        session = self._of(plugin)
        session.start_with(text)
        return _standing(session)

    def _stop(self, plugin: str) -> Message:
        session = self._of(plugin)
        session.stop()
        return _standing(session)

    def _state(self, plugin: str) -> Message:
        return _standing(self._of(plugin))

    def _hot_reload(self, plugin: str) -> Message:
        session = self._of(plugin)
        session.hot_reload()
        return _loaded(session)

    # Deltas, time, clients.

    def _inject(self, delta_text: str) -> None:
        refused = self._host.inject(delta_text)
        if refused:
            raise BadRequest("validate", refused)

    def _advance(self, seconds: float) -> None:
        self._host.advance(seconds)

    def _read(self, path: str) -> Message:
        return {"value_text": self._host.read(path)}

    def _put(self, context: str, path: str, value_text: str) -> Message:
        reply = self._anyone.put(context, path, _json(value_text))
        return {"state": reply.state, "status_code": reply.status_code, "message": reply.message}

    def _http(self, method: str, path: str, headers: Message, body_b64: str) -> Message:
        reply = self._host.request(method, path, body=base64.b64decode(body_b64).decode(), headers=headers)
        return {"status": reply.status, "headers": dict(reply.headers), "body_b64": _base64(reply.body.encode())}

    def _resource(self, **request: str) -> Message:
        return self._provided("resource", **request)

    def _weather(self, **request: str) -> Message:
        return self._provided("weather", **request)

    def _radar(self, **request: str) -> Message:
        return self._provided("radar", **request)

    def _provided(self, kind: ProviderKind, *, name: str, op: str, arguments_text: str) -> Message:
        _object(arguments_text)
        reply = self._host.provide(kind, name, op, arguments_text)
        return {"value_text": reply.value_text, "error": reply.error}

    # Its handlers, and what the host has of it.

    def _endpoints(self, plugin: str) -> Message:
        return {"text": self._of(plugin).endpoints_text}

    def _exports(self, plugin: str, export: str) -> Message:
        return {"found": self._of(plugin).exports(export)}

    def _ask(self, plugin: str, export: str, request: str, room: int) -> Message:
        return {"answer": self._of(plugin).ask(export, request, room)}

    def _configuration(self, plugin: str) -> Message:
        return {"config_text": dumps(dict(self._of(plugin).configuration))}

    def _registered(self, plugin: str) -> Message:
        return {"registered": list(self._of(plugin).registered)}

    def _files(self, plugin: str) -> Message:
        return {"files_b64": {path: _base64(data) for path, data in self._of(plugin).files.items()}}

    def _write_file(self, plugin: str, path: str, data_b64: str) -> None:
        self._of(plugin).write_file(path, base64.b64decode(data_b64))

    def _empty_tmp(self, plugin: str) -> None:
        self._of(plugin).empty_tmp()

    def _fail_writes(self, plugin: str, error: str) -> None:
        self._of(plugin).fail_writes(error)

    def _memory(self, plugin: str) -> Message:
        return {"bytes": self._of(plugin).memory_bytes}

    def _strings_out(self, plugin: str, size: int) -> Message:
        return {"found": {export: list(pair) for export, pair in self._of(plugin).strings_out(size).items()}}

    def _allocations(self, plugin: str, sizes: list[int]) -> Message:
        return {"wrong": list(self._of(plugin).allocations(sizes))}

    # The world around it.

    def _respond(self, url: str, status: int, body_b64: str) -> None:
        self._anyone.respond(url, base64.b64decode(body_b64), status=status)

    def _sockets(self, plugin: str) -> Message:
        return {"sockets": [asdict(socket) for socket in self._of(plugin).open_sockets]}

    def _send_datagram(self, port: int, data_b64: str) -> None:
        self._anyone.send_datagram(port, base64.b64decode(data_b64))

    def _answer_connections(self) -> None:
        self._anyone.answer_connections()

    def _connections(self) -> Message:
        return {"count": self._anyone.connections}

    def _send_to_connections(self, chunks_b64: list[str]) -> None:
        self._anyone.send_to_connections(*map(base64.b64decode, chunks_b64))

    def _close_connections(self) -> None:
        self._anyone.close_connections()

    def _fail_sockets(self, at: str) -> None:
        self._anyone.fail_sockets(at)


def _received(package: Message) -> PluginPackage:
    """A package as it was sent.

    Raises:
        BadRequest: it is not there.
    """
    try:
        return _read(package)
    except (OSError, ValueError) as error:  # among them a name that no file system takes
        raise BadRequest("validate", f"The package cannot be read: {error}.") from None


def _read(package: Message) -> PluginPackage:
    folder = Path(package["folder"])
    manifest, capabilities = _object(package["manifest_text"]), package["capabilities"]
    declared = manifest.get("wasmCapabilities")
    grants = Grants.declared(declared if isinstance(declared, dict) else {})
    public = folder / "public"
    files = {p.relative_to(public).as_posix(): p.read_bytes() for p in sorted(public.rglob("*")) if p.is_file()}
    return PluginPackage(
        package["id"],
        Path(package["wasm"]).read_bytes(),
        package["origin"],
        grants if grants.values == capabilities else Grants(capabilities),
        manifest,
        public=files,
    )


def _installed(row: Message) -> Installed:
    package = {key: value for key, value in row.items() if key not in {"config_text", "enabled"}}
    return Installed(_received(package), _object(row["config_text"]), row["enabled"])


def _standing(session: Session) -> Message:
    return {
        "plugin": session.id,
        "state": session.state,
        "fault": session.fault,
        "why": session.why(),
        "status_code": session.status_code,
    }


def _loaded(session: Session) -> Message:
    return {**_standing(session), "name": session.name, "schema_text": session.schema_text}


def _json(text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return loads(text)
    except NotJson as error:
        raise BadRequest("bad_json", f"What the request carries is not JSON: {error}.") from None


def _object(text: str) -> Message:
    value = _json(text)
    if not isinstance(value, dict):
        raise BadRequest("bad_json", "What the request carries is no JSON object.")
    return value


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
