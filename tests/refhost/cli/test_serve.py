"""`refhost serve`: the real process on a real port, stopped as a user stops it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import httpx2
import pytest
from honest import Honest
from wat import TRAP
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

import corpus

ANCHOR = corpus.plugin("anchor-watch-rust")
_SECONDS = 30
HALF = b"POST /plugins/anchor-watch-rust/api/drop HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"


class Served:
    """A running `refhost serve`."""

    def __init__(self, running):
        self.running = running
        self.said = []
        for line in running.stderr:
            self.said.append(line)
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found[1])
                self.url = found[0]
                return
        pytest.fail(f"it did not say where it listens: {self.said}")

    def stop(self, number):
        """Ask it to end; its exit code, and what it said meanwhile."""
        self.running.send_signal(number)
        return self.running.wait(_SECONDS), self.running.stderr.read()


@pytest.fixture
def serve():
    """Starts a server on a free port."""

    @contextmanager
    def run(*words):
        command = [sys.executable, "-m", "refhost.cli", "serve", *map(str, words), "--port", "0"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
            try:
                yield Served(running)
            finally:
                if running.poll() is None:
                    running.kill()

    return run


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_plugin_answers_takes_puts_and_is_heard_until_the_end(serve, values, number):
    with serve(ANCHOR) as server:
        assert server.said[0] == "anchor-watch-rust: running\n"
        with connect(f"ws://127.0.0.1:{server.port}/signalk/v1/stream") as stream:
            assert json.loads(stream.recv(_SECONDS))["name"] == "refhost"
            read = httpx2.get(f"{server.url}/plugins/anchor-watch-rust/api/status")
            assert (read.status_code, read.json()["maxRadius"]) == (200, 50)
            path = f"{server.url}/signalk/v1/api/vessels/self/navigation/anchor/maxRadius"
            put = httpx2.put(path, json={"value": 75, "source": "anchor-watch-rust"})
            assert (put.status_code, put.json()["state"]) == (200, "COMPLETED")
            assert values([json.loads(stream.recv(_SECONDS))]) == [("navigation.anchor.maxRadius", 75)]
            assert httpx2.get(f"{path}/value").json() == 75
            # Somebody is connected, and has sent half of a request: neither keeps it from ending.
            with socket.create_connection(("127.0.0.1", server.port)) as half:
                half.sendall(HALF)
                assert httpx2.get(f"{server.url}/plugins").status_code == 200
                code, said = server.stop(number)
            with pytest.raises(ConnectionClosed):
                stream.recv(_SECONDS)
    assert code == 0
    assert "Traceback" not in said


def test_programs_are_told_in_json_and_files_stay_in_the_directory(serve, tmp_path):
    words = (corpus.plugin("hello-rust"), "--json", "--directory", tmp_path)
    for start in (1, 2):
        with serve(*words) as server:
            assert [json.loads(line) for line in server.said] == [
                {"plugin": "hello-rust", "state": "running"},
                {"listening": server.url, "plugins": ["hello-rust"]},
            ]
            told = httpx2.get(f"{server.url}/signalk/v1/api/vessels/self/plugins/hello/starts/value")
            assert told.json() == start
            assert server.stop(signal.SIGINT) == (0, "")


def test_capabilities_hold_for_all_of_them(serve):
    with serve(ANCHOR, corpus.plugin("hello-c"), "--capabilities", '{"dataWrite": false}') as server:
        assert len(server.said) == 3
        base = f"{server.url}/plugins"
        assert httpx2.get(f"{base}/anchor-watch-rust/api/status").status_code == 404
        assert all("dataWrite is missing" in about["statusMessage"] for about in httpx2.get(base).json())
        server.stop(signal.SIGINT)


@pytest.mark.parametrize("as_json", [False, True])
def test_a_plugin_that_does_not_start_is_named_and_the_others_are_served(serve, folder, as_json):
    words = ["--json"] if as_json else []
    with serve(folder(Honest(start=TRAP)), ANCHOR, *words) as server:
        assert httpx2.get(f"{server.url}/plugins/anchor-watch-rust/api/status").status_code == 200
        server.stop(signal.SIGINT)
    why = "plugin_start trapped: unreachable"
    if as_json:
        first = json.loads(server.said[0])
        assert {**first, "why": first["why"][: len(why)]} == {"plugin": "wat-plugin", "state": "error", "why": why}
    else:
        assert server.said[0].startswith(f"wat-plugin: error, {why}")


def test_a_client_that_goes_in_the_middle_of_a_request_is_not_complained_about(serve):
    with serve(ANCHOR) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as half:
            half.sendall(HALF)
            assert httpx2.get(f"{server.url}/plugins").status_code == 200
        assert httpx2.get(f"{server.url}/plugins").status_code == 200
        assert server.stop(signal.SIGINT) == (0, "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "Missing argument"),
        (("missing.wasm",), "There is no file missing.wasm."),
        ((ANCHOR, "--port", "70000"), "Invalid value for '--port'"),
        ((ANCHOR, "--capabilities", "[]"), "--capabilities: '[]' is JSON, but not an object."),
        ((ANCHOR, "--directory", ANCHOR / "plugin.wasm"), "Invalid value for '--directory'"),
        ((ANCHOR, "--answers", "missing"), "missing cannot be read"),
        ((ANCHOR, ANCHOR), "A plugin with the id anchor-watch-rust is loaded already."),
    ],
)
def test_usage_errors_are_a_sentence(refhost, words, message):
    done = refhost("serve", *words)
    assert done.exit_code == 2
    assert message in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_a_sentence(refhost):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = refhost("serve", ANCHOR, "--port", port)
    assert done.exit_code == 2
    assert f"Error: --port: {port} cannot be listened on: Address already in use." in done.stderr
