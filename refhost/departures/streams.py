"""Which names of streams the server takes, from whichever plugin (D18)."""

from __future__ import annotations

import re

_RADAR = re.compile(r"radars/[A-Za-z0-9_-]+")


def is_taken_there(stream: str, name: str) -> bool:
    """Whether the plugin of this name can emit on a stream: it asks for no capability, and not for `..`."""
    return _RADAR.fullmatch(stream) is not None or stream.startswith(f"plugins/{name}/")
