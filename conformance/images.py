"""Images as the app store of signalk-server wants them: what kind one is, and how large."""

from __future__ import annotations

MOST_SCREENSHOTS = 6
_LEAST_ICON = 128
_MOST_SCREENSHOT_BYTES = 500 * 1024
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
# An SVG may begin with a declaration, a document type and comments.
_SVG_BEGINNING = 4096


def icon_problem(data: bytes) -> str:
    """What is wrong with an icon, as the end of a sentence; "" for nothing."""
    if b"<svg" in data[:_SVG_BEGINNING]:
        return ""
    if not data.startswith(_PNG):
        return "is neither PNG nor SVG"
    width, height = (int.from_bytes(data[place : place + 4], "big") for place in (16, 20))
    if width != height or width < _LEAST_ICON:
        return f"is {width} by {height} pixels, where a square of at least {_LEAST_ICON} belongs"
    return ""


def screenshot_problem(data: bytes) -> str:
    """What is wrong with a screenshot, as the end of a sentence; "" for nothing."""
    if not data.startswith((_PNG, _JPEG)):
        return "is neither PNG nor JPEG"
    if len(data) > _MOST_SCREENSHOT_BYTES:
        return f"has {len(data) // 1024} KiB, where at most {_MOST_SCREENSHOT_BYTES // 1024} belong"
    return ""
