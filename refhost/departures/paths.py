"""What the server makes of `..` before it looks at any file (D26)."""

from __future__ import annotations


def clamped(path: str) -> str:
    """A path from the root with every `..` done away with, by name alone; above the root there is the root."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    kept = "/".join(parts) or "."
    start, end = "/" if path.startswith("/") else "", "/" if path.endswith("/") else ""
    return f"{start}{kept}{end}"
