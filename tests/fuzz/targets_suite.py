"""Targets in `conformance` and `pytest_plugin`: what drivers, files of users and earlier runs say to the suite."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, suppress
from functools import cache
from pathlib import Path

from target import JSON_WORDS, Target, file_of, folder, text_of, told

from conformance import baseline, configuration, npm_manifest
from conformance.catalogue import catalogue
from conformance.delta_diff import difference
from conformance.drivers import conversation as talk
from conformance.drivers.features import FEATURES
from conformance.drivers.process import Bounds, Ended
from conformance.drivers.reference import RefhostDriver
from conformance.drivers.remote import RemoteHost
from conformance.drivers.remote_session import RemoteSession
from conformance.drivers.serve import serve
from conformance.host_trial import binary as probe
from conformance.images import icon_problem, screenshot_problem
from conformance.npm_pack import Unreadable, packed
from conformance.report import reading
from conformance.report.journal import changed
from conformance.report.model import Judgement, Report, Subject
from conformance.report.page import page
from conformance.report.summary import summary
from conformance.strategies.schemas import UsableSchema
from pytest_plugin import amber
from refhost.errors import ConfigurationError
from refhost.jsontext import NotJson, dumps, loads
from refhost.package import from_bytes

# What a driver says.


class _Process:
    """Stands for a driver's process: it says the lines of an input, one exchange after the other."""

    last_words = ""
    lines: list[bytes] = []  # noqa: RUF012 - set before each conversation

    def __init__(self, command: object, bounds: object) -> None:
        pass

    def exchange(self, line: bytes, take: object, seconds: float) -> None:
        while self.lines:
            if take(self.lines.pop(0)):
                return
        raise Ended("ended with exit code 0")

    def close(self, seconds: float = 0.0) -> bool:
        return True


def _conversation(data: bytes) -> None:
    talk.DriverProcess = _Process
    _Process.lines = data.split(b"\n")
    with told():
        talked = talk.Conversation(["x"], Bounds())
        home = RemoteHost(talked, folder(), call_seconds=1)
        package = from_bytes(b"\0asm\x01\0\0\0")
        session = RemoteSession(
            home, package, home.call("state", plugin="a") | {"name": "a", "schema_text": "{}"}, since=0
        )
        for ask in _ASKED:
            with told():
                ask(home, session)


def _told(home: RemoteHost, session: RemoteSession) -> None:
    """All that was told, as reports and messages need it: text that can be written."""
    for text in (session.status, session.error, session.name, session.id, home._conversation.host, *session.registered):
        text.encode()
    dumps(list(session.emitted)).encode()
    repr((session.log, home.streams, home.requests, session.claims, session.file_operations))


_ASKED = (
    lambda home, session: home.inject("{}"),
    lambda home, session: home.advance(1),
    lambda home, session: home.read("a"),
    lambda home, session: session.start({}),
    lambda home, session: session.http("GET", "/x"),
    lambda home, session: home.provide("resource", "a", "list"),
    lambda home, session: session.put("vessels.self", "a", 1),
    lambda home, session: (session.why(), session.fault, session.status_code),
    lambda home, session: session.configuration,
    lambda home, session: session.files,
    lambda home, session: session.open_sockets,
    lambda home, session: session.strings_out(3),
    lambda home, session: session.ask("a", "{}"),
    lambda home, session: session.stop(),
    _told,
    lambda home, session: home._conversation.close(),
)


@cache
def _conversations() -> tuple[bytes, ...]:
    standing = {"plugin": "a", "state": "running"}
    events = [
        {"event": "log", "plugin": "a", "kind": "debug", "function": "sk_debug", "text": "x"},
        {"event": "status", "plugin": "a", "text": "Running"},
        {"event": "delta", "plugin": "a", "text": '{"context":"vessels.self","updates":[]}', "version": 1},
        {"event": "claim", "plugin": "a", "text": "{}", "version": 1},
        {"event": "stream", "stream": "radars/a", "data_b64": "AAEC"},
        {"event": "fetch", "method": "GET", "url": "https://x/", "status": 200},
        {"event": "file", "plugin": "a", "name": "open", "path": "/x", "error": ""},
    ]
    hello = {"protocol": 1, "host": "h", "version": "1", "features": [f for f in FEATURES if f != "limits"]}
    http = {"status": 200, "headers": {"a": "b"}, "body_b64": "eA=="}
    replies = [
        hello, standing, {}, {}, {"value_text": "1"}, standing, http, {"value_text": "{}", "error": ""},
        {"state": "COMPLETED", "status_code": 200, "message": ""}, {"config_text": "{}"}, {"files_b64": {"/a": "eA=="}},
        {"sockets": [{"number": 1, "kind": "udp", "port": 2000}]}, {"found": {"plugin_id": [3, 0]}}, {"answer": "{}"},
        standing, {"registered": ["PUT a"]}, {},
    ]  # fmt: skip
    lines = [json.dumps({"id": number, "result": reply}) for number, reply in enumerate(replies, 1)]
    failed = json.dumps({"id": 3, "error": {"code": "trap", "message": "x", "function": "poll", "fault": "trap"}})
    told_first = [lines[0], *(json.dumps(event) for event in events), *lines[1:]]
    return tuple("\n".join(each).encode() for each in (lines, told_first, [*lines[:2], failed, *lines[3:]]))


_TALK_WORDS = (
    *JSON_WORDS,
    b'"event":',
    b'"result":',
    b'"error":',
    b'"id":',
    b'"features":[',
    b"\n",
    b"\n\n",
    b'"_b64":"AA"',
    b'"text":',
)


def _served(data: bytes) -> None:
    """Every line has its reply. One that the protocol's schema lets through and no host can do is a `host` error."""
    lines, out = data.split(b"\n")[:12], io.BytesIO()
    with redirect_stderr(io.StringIO()):
        serve(lambda seed: RefhostDriver(seed=seed), lines, out)
    replies = [reply for line in out.getvalue().splitlines() if "event" not in (reply := json.loads(line))]
    assert len(replies) == len(lines) or b"shutdown" in data


def _requests() -> tuple[bytes, ...]:
    """Those that load a plugin find it in the folder that this process works in."""
    Path("plugin.wasm").write_bytes(probe("plain"))
    return _REQUESTS


_REQUESTS = (
    b'{"id":1,"method":"hello","params":{"protocol":1,"seed":0}}\n{"id":2,"method":"inject","params":{"delta_text":"{}"}}\n'
    b'{"id":3,"method":"state","params":{"plugin":"a"}}\n{"id":4,"method":"read","params":{"path":"vessels.self"}}\n'
    b'{"id":5,"method":"http","params":{"method":"GET","path":"/plugins","headers":{},"body_b64":""}}\n'
    b'{"id":6,"method":"shutdown","params":{}}',
    b'{"id":1,"method":"hello","params":{"protocol":1,"seed":0}}\n{"id":2,"method":"state","params":{"plugin":"x"}}\n'
    b'{"id":3,"method":"put","params":{"context":"vessels.self","path":"a","value_text":"1"}}\n'
    b'{"id":4,"method":"resource","params":{"name":"routes","op":"list","arguments_text":"{}"}}\n'
    b'{"id":5,"method":"load","params":{"folder":"nowhere","wasm":"x.wasm","manifest_text":"{}","id":"","origin":"x",'
    b'"capabilities":{}}}\n{"id":6,"method":"barrier","params":{}}',
    b'{"id":1,"method":"hello","params":{"protocol":1,"seed":0}}\n{"id":2,"method":"load","params":{"folder":"","wasm":"plugin.wasm",'
    b'"manifest_text":"{\\"name\\":\\"a\\"}","id":"a","origin":"x","capabilities":{}}}\n{"id":3,"method":"start","params":{"plugin":"a",'
    b'"config_text":"{}"}}\n{"id":4,"method":"ask","params":{"plugin":"a","export":"poll","request":"","room":3}}\n'
    b'{"id":5,"method":"files","params":{"plugin":"a"}}\n{"id":6,"method":"write_file","params":{"plugin":"a","path":"/data/x",'
    b'"data_b64":"AAEC"}}\n{"id":7,"method":"fail_writes","params":{"plugin":"a","error":"ENOSPC"}}\n'
    b'{"id":8,"method":"respond","params":{"url":"https://*","status":200,"body_b64":""}}\n'
    b'{"id":9,"method":"send_datagram","params":{"port":2000,"data_b64":"AA=="}}\n{"id":10,"method":"stop","params":{"plugin":"a"}}',
)
_SERVE_WORDS = (
    *JSON_WORDS,
    b'"method":',
    b'"params":{',
    b'"hello"',
    b'"reset"',
    b'"start"',
    b'"plugin":"plain"',
    b'"_text":',
    b"\n",
)

# What is in files of users, and of earlier runs.


def _baseline(data: bytes) -> None:
    with told():
        found = baseline.read(file_of(data, "known.toml"))
        again = baseline.read(file_of(found.to_text().encode(), "again.toml"))
        assert dict(again.entries) == dict(found.entries)


_BASELINES = (
    b'[[known]]\nplugin = "a"\nrequirement = "DELTA-001"\nreason = "x"\nseen = """a\nb"""\ncase = \'c\'\n',
    b'[[known]]\nhost = "h"\nprofile = "documented"\nrequirement = "HLIFE-001"\nreason = "\\u007f\\ud7ff"\n',
)
_TOML_WORDS = (b"[[known]]\n", b'"""', b"'''", b"\n", b"= ", b"[", b"]", b"{", b"}", b'plugin = "x"\n', b"reason", b"\\u0000", b"\\U0010ffff",
               b"1979-05-27T07:32:00Z", b"0x", b"inf", b"DELTA-002", b"\x7f")  # fmt: skip


@cache
def _report() -> Report:
    rows = [
        Judgement.not_run(row, f"a::{group.name}::{row.id}")
        for group in catalogue()[:2]
        for row in group.requirements[:2]
    ]
    rows[0] = changed(rows[0], {"outcome": "fail", "reason": "<b>", "case": ["load"], "log": ["x"], "again": "pytest"})
    subject = Subject("plugin", "a", "1", "buffer", 1, "ab" * 32, ("network",))
    return Report(subject, "refhost", "documented", {"host": 0}, {"wasmtime": "1"}, tuple(rows))


def _reports(data: bytes) -> None:
    _shown(file_of(data, "report.json"))


def _journal(data: bytes) -> None:
    _shown(file_of(data, "journal.jsonl"))


def _shown(file) -> None:
    with told():
        found = reading.merged(reading.read(file))
        summary(found).encode()
        if len(found) == 1:
            page(found).encode()
        for one in found:
            assert Report.from_json(one.to_json()) == one


@cache
def _documents() -> tuple[bytes, ...]:
    one = _report().to_json()
    return (dumps(one).encode(), dumps({"reports": [one, {**one, "requirements": one["requirements"][:1]}]}).encode())


@cache
def _journals() -> tuple[bytes, ...]:
    first = dumps({"reports": [_report().to_json()]})
    check = _report().requirements[1].checks[0]
    line = dumps({"checks": [check], "set": {"outcome": "pass", "reason": "", "log": []}})
    return (f"{first}\n{line}\n{line}\n".encode(),)


_REPORT_WORDS = (*JSON_WORDS, b'"requirements":[', b'"outcome":"pass"', b'"subject":{', b'"kind":"host"', b'"checks":[', b"\n", b'"set":{',
                 b"</script>", b'"name":')  # fmt: skip


def _amber(data: bytes) -> None:
    text = text_of(data)
    found = amber.parsed(text)
    lines = difference(found, amber.parsed(text[::-1]), ("now", "in the record"))
    for line in lines or ():
        line.encode("utf-8", "surrogatepass")


_AMBERS = (
    b"list([\n  dict({\n    'context': 'vessels.self',\n    'updates': list([\n      dict({\n        'values': list([\n"
    b"          dict({\n            'path': 'a',\n            'value': -1.5,\n          }),\n        ]),\n      }),\n    ]),\n  }),\n])",
    b"'''\n  a\n  b\n'''",
)
_AMBER_WORDS = (
    b"dict({",
    b"list([",
    b"}),",
    b"])",
    b"'",
    b"'''",
    b"\\",
    b"-",
    b"(",
    b"0x",
    b"\n",
    b"lambda:",
    b"**",
    b"f'{x}'",
    b"1e999",
    b"not ",
)


def _difference(data: bytes) -> None:
    one, _, other = text_of(data).partition("\n")
    try:
        left, right = loads(one), loads(other)
    except NotJson:
        return
    difference(left, right, ("now", "before"))
    assert difference(left, left, ("now", "before")) in (None, [])


_DIFFERENT = (
    b'[{"context":"a","updates":[{"values":[{"path":"a","value":1}]}]}]\n[{"context":"a","updates":[{"values":[{"path":"a","value":2}]}]}]',
)


def _npm(data: bytes) -> None:
    manifest, _, ignored = data.partition(b"\n\n")
    here = folder() / "npm"
    if not here.is_dir():
        for name in ("src/a.ts", "build/plugin.wasm", "README.md", "node_modules/x/index.js", ".git/config", "a{b}"):
            (here / name).parent.mkdir(parents=True, exist_ok=True)
            (here / name).write_text("x")
    (here / ".npmignore").write_bytes(ignored)
    try:
        found = loads(text_of(manifest))
    except NotJson:
        return
    if isinstance(found, dict):
        with suppress(Unreadable):
            assert all(".git/" not in name and name != "node_modules" for name in packed(here, found))
    for name in (text_of(ignored)[:300], str(found)[:300]):
        npm_manifest.new_name_problem(name)
        npm_manifest.is_version(name)
        npm_manifest.is_license(name)


_PACKED = (
    b'{"name":"a","files":["build/**","!src","*.md"],"main":"x.js","bin":{"a":"../b"}}\n\nsrc\n*.{ts,js}\n!build/\n**/x/**',
    b'{"files":["./src/*"]}\n\n# no\n/.git\n[a-z]*?\n\\*\n',
)
_GLOB_WORDS = (
    b"*",
    b"**",
    b"?",
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b"!",
    b"/",
    b"\\",
    b"\n",
    b"[!a-",
    b"..",
    b'"files":[',
    b'""',
    b"*a" * 30,
    b"(",
    b"^",
)


def _schema(data: bytes) -> None:
    try:
        schema = loads(text_of(data))
    except NotJson:
        return
    default = configuration.default_configuration(schema)
    mistyped = configuration.mistyped_configurations(schema)
    try:
        usable = UsableSchema(schema)
    except ConfigurationError as error:
        str(error).encode()
        return
    for value in (default, *mistyped[:5], "a" * 60, 1e300):
        usable.accepts(value)


_SCHEMAS = (
    b'{"type":"object","properties":{"a":{"type":"integer","default":1,"minimum":0},"b":{"$ref":"#/definitions/c"}},'
    b'"required":["a"],"definitions":{"c":{"type":"string","pattern":"^[a-z]+$"}}}',
    b'{"type":"array","items":{"type":"number","multipleOf":0.1},"oneOf":[{"minItems":1},{"not":{"maxItems":3}}]}',
)
_SCHEMA_WORDS = (*JSON_WORDS, b'"$ref":"#"', b'"$ref":"#/properties/a"', b'"pattern":"(a+)+$"', b'"type":', b'"oneOf":[', b'"multipleOf":1e-300',
                 b'"items":', b'"not":{}', b'"uniqueItems":true', b'"format":"regex"', b'"dependencies":', b"(a|a)*", b"\\\\1", b"{1,999}")  # fmt: skip


def _image(data: bytes) -> None:
    icon_problem(data)
    screenshot_problem(data)


SUITE_TARGETS = {
    "conversation": Target(_conversation, _conversations, _TALK_WORDS, 15),
    "served": Target(_served, _requests, _SERVE_WORDS, 5),
    "baseline": Target(_baseline, lambda: _BASELINES, _TOML_WORDS, 20),
    "report": Target(_reports, _documents, _REPORT_WORDS, 2),
    "journal": Target(_journal, _journals, _REPORT_WORDS, 2),
    "amber": Target(_amber, lambda: _AMBERS, _AMBER_WORDS, 30),
    "difference": Target(_difference, lambda: _DIFFERENT, JSON_WORDS, 30),
    "npm": Target(_npm, lambda: _PACKED, _GLOB_WORDS, 8),
    "schema": Target(_schema, lambda: _SCHEMAS, _SCHEMA_WORDS, 15),
    "image": Target(_image, lambda: (b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\0\0\0\x80" * 2, b"\xff\xd8\xff", b"<svg/>"), (b"<svg",), 10),
}  # fmt: skip
