"""A real client library of Signal K, from npm, on a real socket: `refhost serve` is a server to it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from test_upstream_examples import examples, run

pytestmark = pytest.mark.npm

__all__ = ["examples"]

CLIENT = "@signalk/client@2.4.0"


@pytest.fixture
def port(examples):
    """The port of a live server with one example plugin."""
    plugin = examples / "example-hello-assemblyscript"
    command = [sys.executable, "-m", "refhost.cli", "serve", str(plugin), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        for line in server.stderr:
            listening = re.search(r"listening on http://127\.0\.0\.1:(\d+)", line)
            if listening:
                yield int(listening[1])
                break
        else:
            pytest.fail("the server did not say where it listens")
        server.terminate()
        server.stderr.read()


def test_a_signal_k_client_connects_subscribes_and_sees_deltas(port, tmp_path):
    run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", CLIENT], tmp_path)
    shutil.copy(Path(__file__).with_name("subscribe.js"), tmp_path)
    base = f"http://127.0.0.1:{port}"
    plugin = f"{base}/plugins/_signalk_example-hello-assemblyscript"
    saved = httpx2.post(f"{plugin}/config", json={"configuration": {"updateInterval": 1000}})
    assert saved.json()["state"] == "running"
    done = subprocess.run(
        ["node", "subscribe.js", str(port)], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    beat = json.loads(done.stdout)
    assert beat["source"] == "_signalk_example-hello-assemblyscript"
    assert beat["message"] == "Hello from AssemblyScript!"
    assert httpx2.get(f"{base}/signalk/v1/api/vessels/self/notifications/hello").json()["value"]["state"] == "normal"
