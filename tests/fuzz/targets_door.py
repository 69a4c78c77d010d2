"""The door between plugin and pump: whatever is emitted comes to the same in it and by the host."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from target import JSON_WORDS, Target, some_deltas

sys.path.append(str(Path(__file__).parents[1] / "helpers"))  # pytest has it on its path, and this may run without

from saying import Renewed

from refhost.delta import admit
from refhost.jsontext import dumps

_HOSTS = Renewed(500)


def _say(data: bytes) -> None:
    _HOSTS.say(data)


def _plain() -> tuple[bytes, ...]:
    """Deltas of the corpus as the bus carries them, which is as the door likes them; and short ones."""
    admitted = (
        admit(json.loads(line), source="s", self_context="vessels.self", timestamp="2026-01-01T00:00:00.000Z").delta
        for line in some_deltas()
    )
    short = (
        '{"updates":[{"values":[{"path":"a.b","value":-0.25},{"path":"c","value":{"d":1,"e":"f"}}]}]}',
        '{"context":"vessels.self","updates":[{"$source":"x","values":[{"path":"a","value":true}]}]}',
    )
    return tuple(text.encode() for text in (*sorted(dumps(delta) for delta in admitted if delta), *short, *short))


_WORDS = (*JSON_WORDS, b'"context":"', b'vessels.self"', b'"updates":[{', b'"$source":"x",', b'"timestamp":"2026-01-01T00:00:00.000Z",',
          b'"values":[', b'{"path":"a","value":', b'"}]}]}', b"0.0", b"1e5", b"0.00001", b"123456789012345", b"\n", b"\\")  # fmt: skip

DOOR_TARGETS = {"emission": Target(_say, _plain, _WORDS, 40, longest=6000)}
