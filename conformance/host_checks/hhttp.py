"""HHTTP: a client's request on its way to a plugin's endpoint and back."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from conformance.host_checks.registry import host_check
from conformance.host_trial import HANG_SECONDS, answer, emit, kept, line
from conformance.trial import CALL_SECONDS, require
from refhost.jsontext import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.drivers.interface import HttpReply
    from conformance.host_trial import HostTrial, Probe

_HELD = {"httpEndpoints": True}
_JSON = {"Content-Type": "application/json"}


@contextmanager
def _running(trial: HostTrial, *lines: str, call_seconds: float = CALL_SECONDS, **more: Any) -> Iterator[Probe]:  # noqa: ANN401 - see `package`
    with trial.probe(capabilities=_HELD, call_seconds=call_seconds, **more) as probe:
        probe.run(*lines)
        yield probe


def _request(
    trial: HostTrial, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What the handler gets of a request."""
    with _running(trial) as probe:
        reply = probe.session.http(method, path, body=body, headers=headers)
        require(reply.status == 200, f"{method} {path} answered {reply.status}: {reply.body[:200]}")
        said = [entry for entry in probe.said if entry.startswith("request\t")]
        require(len(said) == 1, f"{method} {path} called the handler {len(said)} times")
        found: dict[str, Any] = loads(said[0].partition("\t")[2])
        return found


def _answer(trial: HostTrial, given: str) -> HttpReply:
    """What a client gets of a plugin's answer."""
    with _running(trial, answer(given)) as probe:
        return probe.session.http("GET", "/run")


def _content_type(reply: HttpReply) -> str:
    return next((value for name, value in reply.headers.items() if name.lower() == "content-type"), "")


@host_check("HHTTP-001")
def mounted(trial: HostTrial) -> None:
    """By its full path."""
    with _running(trial) as probe:
        reply = probe.home.request("GET", "/plugins/probe/items/1")
        require(reply.status == 200, f"GET /plugins/probe/items/1 answered {reply.status}")


@host_check("HHTTP-002")
def mounted_there(trial: HostTrial) -> None:
    """By its other path."""
    with _running(trial) as probe:
        reply = probe.home.request("GET", "/skServer/plugins/probe/items/1")
        require(reply.status == 200, f"GET /skServer/plugins/probe/items/1 answered {reply.status}")


@host_check("HHTTP-003")
def method_and_path(trial: HostTrial) -> None:
    """Each method."""
    for method in ("GET", "POST", "PUT", "DELETE"):
        found = _request(trial, method, "/items/1")
        require((found.get("method"), found.get("path")) == (method, "/items/1"), f"{method} /items/1 came as {found}")


@host_check("HHTTP-004")
def parameters(trial: HostTrial) -> None:
    """With characters that a URL encodes."""
    for path, wanted in (("/items/7", "7"), ("/items/%C3%86r%C3%B8%20x", "Ærø x")):
        found = _request(trial, "GET", path).get("params")
        require(found == {"id": wanted}, f"{path} has the parameter {wanted!r}, and {found} came")


@host_check("HHTTP-005")
def query(trial: HostTrial) -> None:
    """With characters that a URL encodes."""
    found = _request(trial, "GET", "/items/7?a=1&b=%C3%86r%C3%B8%20x&c=").get("query")
    require(found == {"a": "1", "b": "Ærø x", "c": ""}, f"the query came as {found}")


@host_check("HHTTP-006")
def headers(trial: HostTrial) -> None:
    """One of the client's own."""
    found = _request(trial, "GET", "/items/7", headers={"X-Boat": "Bent"}).get("headers", {})
    require({name.lower(): value for name, value in found.items()}.get("x-boat") == "Bent", f"the headers are {found}")


@host_check("HHTTP-007")
def body(trial: HostTrial) -> None:
    """JSON, and no JSON."""
    given = {"name": "Ærø", "list": [1, None]}
    found = _request(trial, "POST", "/items/7", dumps(given), _JSON).get("body")
    require(found == given, f"the body {given} came as {found!r}")
    found = _request(trial, "POST", "/items/7", "just words", {"Content-Type": "text/plain"}).get("body")
    require(found == "just words", f"the body 'just words' came as {found!r}")


@host_check("HHTTP-008")
def answered(trial: HostTrial) -> None:
    """All three."""
    reply = _answer(trial, '{"statusCode":418,"headers":{"X-Tea":"green","Content-Type":"text/plain"},"body":"Ærø"}')
    require(reply.status == 418, f"the status code was 418, and is {reply.status}")
    require(reply.body == "Ærø", f"the body was 'Ærø', and is {reply.body!r}")
    found = {name.lower(): value for name, value in reply.headers.items()}
    require(found.get("x-tea") == "green", f"the header X-Tea was green, and the headers are {found}")
    require("text/plain" in _content_type(reply), f"the content type is {_content_type(reply)!r}")


@host_check("HHTTP-009")
def default_status(trial: HostTrial) -> None:
    """A body alone."""
    reply = _answer(trial, '{"body":{"a":1}}')
    require(reply.status == 200, f"without a status code the answer is {reply.status}")


@host_check("HHTTP-010")
def object_body(trial: HostTrial) -> None:
    """Without a header."""
    reply = _answer(trial, '{"body":{"name":"Ærø"}}')
    require(loads(reply.body) == {"name": "Ærø"}, f"the body is {reply.body!r}")
    require("json" in _content_type(reply), f"the content type is {_content_type(reply)!r}")


@host_check("HHTTP-011")
def text_of_json(trial: HostTrial) -> None:
    """JSON in a text."""
    reply = _answer(trial, dumps({"headers": {"Content-Type": "application/json"}, "body": '{"a":1}'}))
    require(reply.status == 200 and loads(reply.body) == {"a": 1}, f"the answer is {reply.status}: {reply.body!r}")


@host_check("HHTTP-012")
def not_exported(trial: HostTrial) -> None:
    """Named, and not there."""
    with _running(trial) as probe:
        reply = probe.session.http("GET", "/missing")
        require(reply.status == 500, f"a handler that is not exported gave {reply.status}")
        require(probe.session.state == "running", f"the plugin is {probe.session.state}")


@host_check("HHTTP-013")
def traps(trial: HostTrial) -> None:
    """And another plugin goes on."""
    with _running(trial, kept("http", "trap")) as probe:
        reply = probe.session.http("GET", "/run")
        require(reply.status == 500, f"a handler that traps gave {reply.status}")
        other = trial.load(probe.home, package="another")
        require(other.start() == "running", "afterwards a plugin in order does not run")


@host_check("HHTTP-014")
def malformed(trial: HostTrial) -> None:
    """Words, half, and other kinds."""
    for given in ("words", '{"statusCode":200', "[]", "null", "200", '"text"', '{"headers":[1],"body":""}'):
        reply = _answer(trial, given)
        require(reply.status == 500, f"the answer {given!r} gave {reply.status}")


@host_check("HHTTP-015")
def status_codes(trial: HostTrial) -> None:
    """No numbers, and no such numbers."""
    for code in ("0", "-1", "99", "600", "100000", '"200"', "true", "2.5", "{}"):
        reply = _answer(trial, f'{{"statusCode":{code},"body":"x"}}')
        require(reply.status == 500, f"the status code {code} gave {reply.status}")


@host_check("HHTTP-016")
def header_lines(trial: HostTrial) -> None:
    """In the value, and in the name."""
    for name, value in (("X-A", "b\r\nX-Injected: yes"), ("X-A\r\nX-Injected", "yes")):
        reply = _answer(trial, dumps({"headers": {name: value}, "body": "x"}))
        found = {key.lower() for key in reply.headers}
        require("x-injected" not in found, f"a header with a line end made another one: {dict(reply.headers)}")
        require(reply.status == 500, f"a header with a line end gave {reply.status}")


@host_check("HHTTP-017")
def nowhere(trial: HostTrial) -> None:
    """Near an endpoint."""
    with _running(trial) as probe:
        for path in ("/nowhere", "/items", "/run/more", "/Run", "/items/1/2"):
            reply = probe.session.http("GET", path)
            require(reply.status == 404, f"GET {path} answered {reply.status}")


@host_check("HHTTP-018")
def methods(trial: HostTrial) -> None:
    """Mounted for others."""
    with _running(trial) as probe:
        before = len(probe.said)
        for method, path in (("DELETE", "/run"), ("PUT", "/run"), ("PATCH", "/items/1")):
            reply = probe.session.http(method, path)
            require(reply.status in {404, 405}, f"{method} {path} answered {reply.status}")
        require(len(probe.said) == before, "a handler was called for a method that it does not have")


@host_check("HHTTP-019")
def parts(trial: HostTrial) -> None:
    """Too much, and nothing."""
    with _running(trial) as probe:
        for path in ("/items/a/b", "/items/"):
            reply = probe.session.http("GET", path)
            require(reply.status == 404, f"GET {path} answered {reply.status}")


@host_check("HHTTP-020")
def about(trial: HostTrial) -> None:
    """Where it is always JSON (R29)."""
    with _running(trial) as probe:
        reply = probe.home.request("GET", "/skServer/plugins/probe")
        require(reply.status == 200, f"GET /skServer/plugins/probe answered {reply.status}")
        found = loads(reply.body)
        wanted = {"id": "probe", "name": "Probe", "version": "1.0.0"}
        require({key: found.get(key) for key in wanted} == wanted, f"it is told as {found}")
        require(isinstance(found.get("enabled"), bool), f"it is told as {found}")


@host_check("HHTTP-021")
def too_late(trial: HostTrial) -> None:
    """It never returns."""
    with _running(trial, kept("http", "loop"), call_seconds=HANG_SECONDS) as probe:
        reply = probe.session.http("GET", "/run")
        require(reply.status == 504, f"a handler that does not return gave {reply.status}")
        probe.home.advance(1.5)
        require(probe.session.state == "running", f"1.5 s later the plugin is {probe.session.state}")


@host_check("HHTTP-022")
def files(trial: HostTrial) -> None:
    """One, and what is beside the folder."""
    with _running(trial, public={"deep/page.txt": b"a page"}) as probe:
        reply = probe.session.http("GET", "/deep/page.txt")
        require((reply.status, reply.body) == (200, "a page"), f"the page answered {reply.status}: {reply.body[:100]}")
        for path in ("/../package.json", "/deep/../../package.json", "/%2e%2e/package.json", "/..%2fpackage.json"):
            reply = probe.session.http("GET", path)
            require("wasmManifest" not in reply.body, f"GET {path} answered {reply.status} with package.json")


@host_check("HHTTP-023")
def too_long(trial: HostTrial) -> None:
    """One byte too many."""
    with _running(trial, line("answer-size", "65537")) as probe:
        reply = probe.session.http("GET", "/run")
        require(reply.status == 500, f"an answer of 65537 bytes gave {reply.status}")


@host_check("HHTTP-024")
def no_plugin(trial: HostTrial) -> None:
    """Beside one that is there."""
    with _running(trial) as probe:
        for path in ("/plugins/nobody", "/plugins/nobody/items/1", "/plugins/nobody/config"):
            reply = probe.home.request("GET", path)
            require(reply.status == 404, f"GET {path} answered {reply.status}")


@host_check("HHTTP-025")
def broken_body(trial: HostTrial) -> None:
    """Half of it."""
    with _running(trial) as probe:
        reply = probe.session.http("POST", "/items/1", body='{"a":', headers=_JSON)
        require(reply.status == 400, f"a body that is no JSON gave {reply.status}")
        require(not any(told[0] == "request" for told in probe.told), "the handler was called")


@host_check("HHTTP-026")
def emits(trial: HostTrial) -> None:
    """A switch."""
    with _running(trial, kept("http", emit("probe.state", 1))) as probe:
        probe.session.http("GET", "/run")
        require(probe.values("probe.state") == [1], "what the handler emitted was not carried")
