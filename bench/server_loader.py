"""signalk-server's loader in a process of Node, told what to do by lines of JSON."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Self

from conformance.drivers.signalk_server.install import find

_PROGRAM = Path(__file__).with_name("server_loader.mjs")


class ServerLoader:
    """The installed server's WASM code over a stand-in of the server.

    Args:
        log: a file with the deltas to replay, one JSON array.
    """

    def __init__(self, log: Path) -> None:
        command = ["node", str(_PROGRAM), str(find()), str(log)]
        self._process = subprocess.Popen(  # noqa: S603 - our own words
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def ask(self, command: str, **given: Any) -> Any:  # noqa: ANN401 - JSON
        """Have something done, and what it answers."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"command": command, **given}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the process; it has nothing to keep."""
        self._process.communicate(timeout=30)
