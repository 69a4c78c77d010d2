"""What the server makes otherwise of HTTP: bodies (BODIES), answers (ANSWERS) and new resources (DEFAULTS)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from refhost.profiles import Switches

# Types of resources that have a default provider there, and its id: a plugin that comes with the server (DEFAULTS).
STANDARD = frozenset({"routes", "waypoints", "regions", "notes", "charts"})
DEFAULT_PROVIDER = "resources-provider"


def body_there(text: str, content_type: str) -> dict[str, str]:
    """The body of a request that is not JSON, as a handler gets it there: what a form says, else nothing (BODIES)."""
    return dict(parse_qsl(text)) if "x-www-form-urlencoded" in content_type else {}


def loosened(given: Any, switches: Switches, handler: str) -> Any:  # noqa: ANN401 - JSON
    """The answer of a handler, in the form of contract §14 where it is taken for that there (ANSWERS).

    Args:
        given: as parsed.
        switches: the profile.
        handler: that answered.
    """
    if given is not None and not isinstance(given, dict):
        return {} if switches.departs("ANSWERS", handler) else given
    if given and not given.get("statusCode", 200) and switches.departs("ANSWERS", handler):
        return {key: value for key, value in given.items() if key != "statusCode"}
    return given
