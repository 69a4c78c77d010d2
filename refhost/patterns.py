"""Which paths a subscription means: `*` is any run of characters, all else stands for itself (contract §11)."""

from __future__ import annotations


class PathPattern:
    """One pattern of a subscription.

    `*` matches any run of characters, dots included, also none (R15); the whole path must match; case matters. There
    is nothing to go back over: each piece between stars is looked for once, from where the last one ended, so time
    grows with the lengths of pattern and path and never faster.

    Args:
        text: such as `navigation.*`.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._first, *rest = text.split("*")
        self._exact = not rest
        self._last = rest[-1] if rest else ""
        self._between = [piece for piece in rest[:-1] if piece]

    def matches(self, path: str) -> bool:
        """Whether the whole path is meant."""
        if self._exact:
            return path == self.text
        if len(path) < len(self._first) + len(self._last):
            return False
        if not path.startswith(self._first) or not path.endswith(self._last):
            return False
        at, end = len(self._first), len(path) - len(self._last)
        for piece in self._between:
            found = path.find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return True

    def __repr__(self) -> str:
        return f"PathPattern({self.text!r})"
