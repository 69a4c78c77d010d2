"""`/signalk/v1/stream`: deltas over a WebSocket, as each client subscribes; and PUT requests (contract §11, §13)."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from starlette.websockets import WebSocketDisconnect, WebSocketState

from refhost.delta import context_of
from refhost.jsontext import NotJson, dumps, loads
from refhost.patterns import PathPattern

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

    from refhost.delta import Delta
    from refhost.host import Host

# Deltas that wait for a slow client; of more, the oldest go first.
_WAITING = 1000
_MAX_MESSAGE = 256 * 1024
_MOST_PATTERNS = 1000


class Stream:
    """The WebSocket door of one host."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._numbers = itertools.count(1)

    async def connect(self, socket: WebSocket) -> None:
        """Serve one client until it goes away."""
        await socket.accept()
        client = _Client(self._host, socket)
        name = f"stream {next(self._numbers)}"
        self._host.bus.subscriptions.subscribe(name, client.offer)
        sender = asyncio.create_task(client.send_deltas())
        try:
            await client.greet()
            await client.listen()
        except WebSocketDisconnect:
            pass
        finally:
            self._host.bus.subscriptions.unsubscribe(name)
            sender.cancel()
            with suppress(asyncio.CancelledError):
                await sender


class _Client:
    """One connected client: what it subscribed to, and what waits for it."""

    def __init__(self, host: Host, socket: WebSocket) -> None:
        self._host = host
        self._socket = socket
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[str] = asyncio.Queue(_WAITING)
        self._wanted: list[tuple[PathPattern, PathPattern]] = []
        subscribe = socket.query_params.get("subscribe", "self")
        if subscribe == "all":
            self._want("*", "*")
        elif subscribe != "none":
            self._want("vessels.self", "*")

    def _want(self, context: str, path: str) -> None:
        full = self._host.self_context if context == "vessels.self" else context
        if len(self._wanted) < _MOST_PATTERNS:
            self._wanted.append((PathPattern(full), PathPattern(path)))

    def offer(self, text: str) -> None:
        """Take a delta off the bus, if the client wants any of it."""
        wanted = self._part(loads(text))
        if wanted is None:
            return
        # Whoever publishes may do so from another thread than the one that serves: a test does.
        self._loop.call_soon_threadsafe(self._keep, dumps(wanted))

    def _keep(self, text: str) -> None:
        if self._waiting.full():
            self._waiting.get_nowait()
        self._waiting.put_nowait(text)

    def _part(self, delta: Delta) -> Delta | None:
        """What of a delta the client asked for; None when it is nothing."""
        patterns = [path for context, path in self._wanted if context.matches(delta["context"])]
        updates = []
        for update in delta["updates"]:
            kept = {
                key: [e for e in update[key] if any(p.matches(e["path"]) for p in patterns)]
                for key in ("values", "meta")
                if key in update
            }
            if any(kept.values()):
                updates.append({**update, **{key: entries for key, entries in kept.items() if entries}})
        return {"context": delta["context"], "updates": updates} if updates else None

    async def greet(self) -> None:
        """Say who we are, as every Signal K stream begins."""
        await self._send(
            {
                "name": "refhost",
                "version": "1.8.2",
                "self": self._host.self_context,
                "roles": ["master", "main"],
                "timestamp": self._host.clock.timestamp(),
            }
        )

    async def send_deltas(self) -> None:
        """Send what waits, for ever."""
        while True:
            text = await self._waiting.get()
            if self._socket.client_state is WebSocketState.CONNECTED:
                with suppress(WebSocketDisconnect, RuntimeError):
                    await self._socket.send_text(text)

    async def listen(self) -> None:
        """Do what the client sends, until it goes; what cannot be understood is answered, and changes nothing."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            problem = await self._understand(text) if isinstance(text, str) else "Only text is understood."
            if problem:
                await self._send({"errorMessage": problem})

    async def _understand(self, text: str) -> str:
        if len(text) > _MAX_MESSAGE:
            return f"A message has at most {_MAX_MESSAGE} characters."
        try:
            message = loads(text)
        except NotJson as error:
            return f"The message is not JSON: {error}."
        if not isinstance(message, dict):
            return "A message is an object."
        for key, action in (
            ("subscribe", self._subscribe),
            ("unsubscribe", self._unsubscribe),
            ("put", self._put),
        ):
            if key in message:
                return await action(message)
        return "" if not message else "A message has subscribe, unsubscribe or put."

    async def _subscribe(self, message: dict[str, Any]) -> str:
        rows = message["subscribe"]
        context = message.get("context", "vessels.self")
        if not isinstance(rows, list) or not isinstance(context, str):
            return "subscribe is a list of objects with a path, and context a text."
        for row in rows:
            if not isinstance(row, dict) or not isinstance(row.get("path"), str):
                return "Each subscription has a path."
        for row in rows:
            self._want(context, row["path"])
        return ""

    async def _unsubscribe(self, message: dict[str, Any]) -> str:
        rows = message["unsubscribe"]
        if not isinstance(rows, list):
            return "unsubscribe is a list of objects with a path."
        paths = {row.get("path") for row in rows if isinstance(row, dict)}
        self._wanted = [] if "*" in paths else [pair for pair in self._wanted if pair[1].text not in paths]
        return ""

    async def _put(self, message: dict[str, Any]) -> str:
        request = message["put"]
        if not isinstance(request, dict) or not isinstance(request.get("path"), str) or "value" not in request:
            return "put is an object with a path and a value."
        context = context_of(message if isinstance(message.get("context"), str) else {}, "vessels.self")
        answer = self._host.put(request["path"], request["value"], context=context)
        await self._send({"requestId": message.get("requestId"), **answer.to_json()})
        return ""

    async def _send(self, value: dict[str, Any]) -> None:
        await self._socket.send_text(dumps(value))
