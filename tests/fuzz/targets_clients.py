"""Targets in `refhost`: paths of plugins over a real directory, and what clients send."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import suppress
from functools import cache
from urllib.parse import unquote

from target import CORPUS, JSON_WORDS, Target, folder, text_of

from refhost.host import Host
from refhost.jsontext import loads
from refhost.package import read_package
from refhost.server import application
from refhost.wasi.vfs import Vfs
from refhost.wasi.vfs.directory import Directory, OpenHow
from refhost.wasi.vfs.disk import disk_tree
from refhost.web.stream import _Client

# Files: what a plugin does with paths, over a real directory. Nothing around it may change.


_SECRET = "nobody writes this"


def _paths(data: bytes) -> None:
    outer = folder() / "around"
    if not outer.is_dir():
        outer.mkdir()
        (outer / "secret").write_text(_SECRET)
    inner = outer / "tree"
    tree = disk_tree(inner)
    try:
        vfs = Vfs(tree)
        root = vfs.root_directory()
        for line in data.split(b"\n")[:12]:
            words = line.decode("utf-8", "surrogateescape").split(" ")
            with suppress(OSError):
                _step(root, *(*words, "", "", "")[:3])
        vfs.usage(), vfs.clear_tmp(), vfs.tree_hash()
        assert _SECRET.encode() not in b"".join(vfs.files().values())
        for found in root.entries():
            with suppress(OSError):
                opened = root.open(found.name, OpenHow(follow=True))
                assert isinstance(opened, Directory) or _SECRET.encode() not in opened.read(0, 100)
                opened.close()
    finally:
        tree.close_tree()
        shutil.rmtree(inner)
    assert [path.name for path in outer.iterdir()] == ["secret"]
    assert (outer / "secret").read_text() == _SECRET


def _step(root: Directory, name: str, path: str, other: str) -> None:
    if name == "write":
        file = root.open(path, OpenHow(follow=True, create=True, write=True))
        if isinstance(file, Directory):
            return
        try:
            file.write(0, other.encode("utf-8", "surrogateescape"))
        finally:
            file.close()
    elif name == "mkdir":
        root.make_directory(path)
    elif name == "rmdir":
        root.remove_directory(path)
    elif name == "unlink":
        root.unlink(path)
    elif name == "symlink":
        root.symlink(other, path)
    elif name == "link":
        root.link(path, root, other)
    elif name == "rename":
        root.rename(path, root, other)
    elif name == "stat":
        root.stat_at(path, follow=bool(other))
    elif path:
        root.readlink(path)


_STEPS = (
    b"symlink data/up ../../\nwrite data/up/secret x\nstat data/up/secret y\nlink data/up x\nrename data/up tmp/up",
    b"mkdir data/a\nsymlink data/a/b ..\nrename data/a data/a/b/c\nsymlink l /\nwrite l/x y\nunlink l\nrmdir data/a",
    b"write data/f 1\nlink data/f g\nsymlink s data/f\nreadlink s\nwrite s 2\nrename s data/f\nstat ../secret y",
)
_STEP_WORDS = (b"../", b"/", b"..", b"./", b"\n", b" ", b"symlink ", b"rename ", b"link ", b"write ", b"mkdir ", b"unlink ", b"secret",
               b"data/", b"tmp", b"\xff", b"\x00", b"a" * 260, b"a/" * 2100, b"stat ", b"rmdir ")  # fmt: skip

# What clients send.


class _Socket:
    """A client's WebSocket that only listens."""

    query_params: dict[str, str] = {}  # noqa: RUF012 - nobody changes it

    async def send_text(self, text: str) -> None:
        loads(text)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    folder.loop = loop
    return loop


@cache
def _host() -> Host:
    host = Host()
    plugin = host.load(read_package(CORPUS / "probes/plain.wat"))
    plugin.start()
    host.publish("navigation.speedOverGround", 3.85)
    return host


async def _understand(texts: list[str]) -> None:
    client = _Client(_host(), _Socket())
    for text in texts:
        await client._understand(text)
        client.offer('{"context":"' + _host().self_context + '","updates":[{"values":[{"path":"a.b","value":1}]}]}')


def _stream(data: bytes) -> None:
    _loop().run_until_complete(_understand(text_of(data).split("\n")[:8]))


_STREAMED = (
    b'{"context":"vessels.self","subscribe":[{"path":"a.*","period":1000}]}\n{"unsubscribe":[{"path":"*"}]}',
    b'{"put":{"path":"a.b","value":1},"requestId":"1","context":"vessels.self"}\n{}',
)
_STREAM_WORDS = (*JSON_WORDS, b'"subscribe":', b'"unsubscribe":', b'"put":', b'"path":"*"', b"*", b"\n")


async def _ask(data: bytes) -> None:
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    method, _, target = first.partition(b" ")
    # As a server gives it: h11 refuses every request whose target has anything but what can be seen of ASCII.
    path, _, query = bytes(c for c in target if 0x21 <= c <= 0x7E).partition(b"?")
    headers = [(name.lower(), value) for line in lines for name, _, value in [line.partition(b": ")]]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method.decode("latin-1") or "GET",
        "scheme": "http", "path": unquote(path.decode()), "raw_path": path, "query_string": query, "root_path": "",
        "headers": [(b"host", b"localhost"), *headers], "client": ("127.0.0.1", 1), "server": ("localhost", 80),
    }  # fmt: skip
    waiting = [{"type": "http.request", "body": body, "more_body": False}, {"type": "http.disconnect"}]
    sent = []

    async def receive() -> dict:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: dict) -> None:
        sent.append(message)

    await _application()(scope, receive, send)
    status = next(message["status"] for message in sent if "status" in message)
    assert status < 500 or status in {501, 503}, f"it answers {status}"


@cache
def _application():
    return application(_host())


def _request(data: bytes) -> None:
    _loop().run_until_complete(_ask(data))


_REQUESTS = (
    b"GET /signalk/v1/api/vessels/self/navigation?x=1\naccept: */*\n\n",
    b'PUT /signalk/v1/api/vessels/self/a/b\ncontent-type: application/json\n\n{"value":1}',
    b"GET /plugins\nhost: localhost:3000\n\n",
    b'POST /plugins/plain/config\n\n{"enabled":true,"configuration":{"a":1}}',
    b"GET /plugins/plain/public/../../x\n\n",
    b'POST /signalk/v2/api/resources/routes?limit=1\n\n{"name":"x"}',
    b"GET /signalk/v2/api/weather/forecasts/point?lat=1&lon=2\n\n",
)
_HTTP_WORDS = (*JSON_WORDS, b"/plugins/", b"/skServer/plugins/", b"/signalk/v1/api/", b"/signalk/v2/api/resources/", b"..", b"%2e%2e/",
               b"%", b"?", b"&limit=", b"\n", b"\n\n", b"DELETE ", b"HEAD ", b"/config", b"host: x", b"content-length: -1", b"radars/",
               b"a/" * 600)  # fmt: skip


CLIENT_TARGETS = {
    "paths": Target(_paths, lambda: _STEPS, _STEP_WORDS, 12),
    "stream": Target(_stream, lambda: _STREAMED, _STREAM_WORDS, 30),
    "request": Target(_request, lambda: _REQUESTS, _HTTP_WORDS, 15),
}
