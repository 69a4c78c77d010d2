"""`fields`: headers and trailers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wasmtime import component as wc

from refhost.http_tokens import TOKEN
from refhost.wasi.preview2.registry import Failure, misuse, wasi
from refhost.wasi.preview2.streams import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from refhost.limits import Limits

_TYPES = "wasi:http/types"
_VALUE = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]*")
_LENGTH = re.compile(rb"[0-9]{1,18}")

# What belongs to the connection rather than to the request: whoever makes the connection sets it.
_FORBIDDEN = frozenset(
    {
        "connection",
        "host",
        "http2-settings",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "transfer-encoding",
        "upgrade",
    }
)


class Fields(Resource):
    """Names with values, in order; case of names does not count.

    Attributes:
        entries: as they are.
    """

    resource = "fields"

    def __init__(self, entries: Iterable[tuple[str, bytes]] = (), *, immutable: bool = False) -> None:
        self.entries = list(entries)
        self._immutable = immutable

    def get(self, name: str) -> list[bytes]:
        """The values of a name."""
        return [value for own, value in self.entries if own.lower() == name.lower()]

    def check_change(self, name: str, values: Iterable[bytes] = ()) -> None:
        """Raise `Failure` unless the values of a name may be changed to these."""
        if self._immutable:
            raise Failure(wc.Variant("immutable"))
        form = _LENGTH if name.lower() == "content-length" else _VALUE
        if not TOKEN.fullmatch(name) or not all(form.fullmatch(value) for value in values):
            raise Failure(wc.Variant("invalid-syntax"))
        if name.lower() in _FORBIDDEN:
            raise Failure(wc.Variant("forbidden"))

    def delete(self, name: str) -> None:
        """Take a name away."""
        self.entries = [entry for entry in self.entries if entry[0].lower() != name.lower()]

    def size(self) -> int:
        """Bytes of names and values."""
        return sum(len(name) + len(value) for name, value in self.entries)

    def texts(self) -> tuple[tuple[str, str], ...]:
        """The entries as texts; bytes that are not UTF-8 are kept as surrogates."""
        return tuple((name, value.decode("utf-8", "surrogateescape")) for name, value in self.entries)

    def frozen(self) -> Fields:
        """A copy that cannot be changed."""
        return Fields(self.entries, immutable=True)


class FieldsFunctions:
    """The functions of `fields`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    @wasi(_TYPES, "[constructor]fields")
    def new(self) -> Fields:
        """None yet."""
        return Fields()

    @wasi(_TYPES, "[static]fields.from-list")
    def from_list(self, entries: list[tuple[str, bytes]]) -> Fields:
        """These."""
        fields = Fields()
        for name, value in entries:
            fields.check_change(name, [value])
        fields.entries = entries
        return self._bounded(fields)

    @wasi(_TYPES, "[method]fields.get")
    def get(self, fields: Fields, name: str) -> list[bytes]:
        """The values of a name."""
        return fields.get(name)

    @wasi(_TYPES, "[method]fields.has")
    def has(self, fields: Fields, name: str) -> bool:
        """Whether there is such a name."""
        return bool(fields.get(name))

    @wasi(_TYPES, "[method]fields.set")
    def set(self, fields: Fields, name: str, values: list[bytes]) -> None:
        """Replace the values of a name."""
        fields.check_change(name, values)
        fields.delete(name)
        fields.entries += [(name, value) for value in values]
        self._bounded(fields)

    @wasi(_TYPES, "[method]fields.delete")
    def delete(self, fields: Fields, name: str) -> None:
        """Take a name away."""
        fields.check_change(name)
        fields.delete(name)

    @wasi(_TYPES, "[method]fields.append")
    def append(self, fields: Fields, name: str, value: bytes) -> None:
        """Add a value."""
        fields.check_change(name, [value])
        fields.entries.append((name, value))
        self._bounded(fields)

    @wasi(_TYPES, "[method]fields.entries")
    def entries(self, fields: Fields) -> list[tuple[str, bytes]]:
        """All of them."""
        return fields.entries

    @wasi(_TYPES, "[method]fields.clone")
    def clone(self, fields: Fields) -> Fields:
        """A copy that can be changed."""
        return Fields(fields.entries)

    def _bounded(self, fields: Fields) -> Fields:
        """`header-error` has no case for it, so too many are a trap."""
        if fields.size() > self._limits.fetch_head_bytes:
            limit = self._limits.fetch_head_bytes
            raise misuse("wasi:http/types.fields", f"{fields.size()} bytes of headers; the limit is {limit} (§19)")
        return fields
