"""What serves the reference host, as a suite written by somebody else would meet it."""

import io
import json
import subprocess
import sys

import pytest

from conformance.drivers.records import LogRecord
from conformance.drivers.reference import RefhostDriver
from conformance.drivers.schemas import FAILED, problem
from conformance.drivers.serve import serve
from conformance.drivers.shipping import lay_out
from conformance.drivers.smoke import probe
from conformance.drivers.told import Told

HELLO = {"id": 1, "method": "hello", "params": {"protocol": 1, "seed": 0}}


def answers(*requests):
    """What comes back, line by line."""
    lines = [r if isinstance(r, bytes) else json.dumps(r).encode() + b"\n" for r in requests]
    out = io.BytesIO()
    serve(lambda seed: RefhostDriver(seed=seed), lines, out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize(
    "line",
    [
        b"rubbish\n",
        b"[]\n",
        b"{}\n",
        b"[" * 100_000 + b"\n",
        b'{"id":1,"method":"fly","params":{}}\n',
        b'{"id":1,"method":["hello"],"params":{}}\n',
        b'{"id":1,"method":"hello","params":{"protocol":1}}\n',
        b"\xff\xfe\n",
    ],
)
def test_a_request_that_is_none(line):
    (reply,) = answers(line)
    assert problem("replies", FAILED, reply) == ""
    assert reply["error"]["code"] == "bad_json"
    assert reply["id"] is None


def test_it_goes_on_after_a_bad_request():
    first, second = answers(b"rubbish\n", HELLO)
    assert "error" in first
    assert second["result"]["host"] == "refhost"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"id": 2, "method": "state", "params": {"plugin": "nobody"}}, "not_found"),
        ({"id": 2, "method": "put", "params": {"context": "x", "path": "y", "value_text": "1"}}, "not_found"),
        ({"id": 2, "method": "inject", "params": {"delta_text": "5"}}, "validate"),
        ({"id": 2, "method": "weather", "params": {"name": "x", "op": "y", "arguments_text": "["}}, "bad_json"),
        ({"id": 2, "method": "weather", "params": {"name": "x", "op": "y", "arguments_text": "[]"}}, "bad_json"),
        ({"id": 2, "method": "hello", "params": {"protocol": 2, "seed": 0}}, "unsupported"),
        (
            {"id": 2, "method": "radar", "params": {"name": "", "op": "x", "arguments_text": '{"radarId":1,"what":2}'}},
            "host",
        ),
    ],
)
def test_what_cannot_be_done_has_a_code(request_, code, capsys):
    replies = answers(HELLO, {"id": 5, "method": "reset", "params": {}}, request_)
    assert (replies[-1]["id"], replies[-1]["error"]["code"]) == (2, code)
    assert problem("replies", FAILED, replies[-1]) == ""


def test_hello_comes_first():
    (reply,) = answers({"id": 1, "method": "inject", "params": {"delta_text": "{}"}})
    assert (reply["error"]["code"], reply["error"]["message"]) == ("status", "The first request is hello.")


@pytest.mark.parametrize(("method", "params"), [("limits", {"call_seconds": 1}), ("directory", {"path": "/tmp"})])
def test_some_things_come_before_the_host(method, params):
    first = {"id": 3, "method": method, "params": params}
    read = {"id": 4, "method": "read", "params": {"path": "vessels"}}
    replies = answers(HELLO, first, read, first)
    assert [list(reply)[1] for reply in replies] == ["result", "result", "result", "error"]
    assert replies[-1]["error"]["code"] == "status"


def test_each_thing_is_told_once(tmp_path):
    package = probe()
    wasm = lay_out(package, tmp_path)
    load = {"folder": str(tmp_path), "wasm": str(wasm), "manifest_text": "{}", "id": "smoke", "origin": ""}
    replies = answers(
        HELLO,
        {"id": 2, "method": "load", "params": {**load, "capabilities": dict(package.grants.values)}},
        {"id": 3, "method": "start", "params": {"plugin": "smoke", "config_text": "{}"}},
        {"id": 4, "method": "barrier", "params": {}},
        {"id": 5, "method": "state", "params": {"plugin": "smoke"}},
    )
    told = [(reply.get("id"), reply.get("event")) for reply in replies]
    assert told[-3:] == [(3, None), (4, None), (5, None)]  # what the start caused came before its reply, and only there
    assert {event for _, event in told} == {None, "log", "status", "claim", "delta"}
    assert all(problem("events", reply["event"], reply) == "" for reply in replies if "event" in reply)


def test_the_end_of_the_requests_is_its_end():
    command = [sys.executable, "-m", "conformance.drivers.serve"]
    done = subprocess.run(command, input=json.dumps(HELLO) + "\n", capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["result"]["host"] == "refhost"
    assert done.stderr == ""


def test_an_unknown_profile_is_a_usage_error():
    command = [sys.executable, "-m", "conformance.drivers.serve", "--profile", "signalk-server"]
    done = subprocess.run(command, input="", capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "There is no profile 'signalk-server'" in done.stderr


# -- what is new in a list


def told(*lists):
    """Of each of these lists, what is told when it follows on the one before."""
    tell = Told()
    return [list(tell._new("log", "x", [LogRecord("debug", "", text) for text in items])) for items in lists]


@pytest.mark.parametrize(
    ("lists", "new"),
    [
        (["", "ab", "abc", "abc"], ["", "ab", "c", ""]),
        (["ab", "", "c"], ["ab", "", "c"]),  # it began anew
        (["abcd", "cdef"], ["abcd", "ef"]),  # it holds so many, and the oldest go first
        (["abcd", "bcd"], ["abcd", ""]),
        (["abcd", "wxyz"], ["abcd", "wxyz"]),
    ],
)
def test_each_item_is_told_once(lists, new):
    assert ["".join(record.text for record in items) for items in told(*lists)] == new
