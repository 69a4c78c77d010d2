"""How requests fail: `error-code` for a request, and for the streams of its bodies (contract §18)."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from wasmtime import component as wc

from refhost.services.fetch import Cause

if TYPE_CHECKING:
    from refhost.services.fetch import Answer


class HttpFault(OSError):  # noqa: N818 - for a plugin, not an error of the host
    """A stream of a body failed; `code` is the `error-code` for it."""

    def __init__(self, code: wc.Variant, message: str) -> None:
        super().__init__(errno.EIO, message)
        self.code = code


def code(name: str, payload: object = None) -> wc.Variant:
    """An `error-code`."""
    return wc.Variant(name, payload)


def code_of(answer: Answer) -> wc.Variant:
    """The `error-code` for an answer that failed."""
    if answer.cause is Cause.TIMEOUT:
        return code("connection-read-timeout")
    return code("HTTP-response-body-size") if answer.cause is Cause.TOO_LONG else code("connection-refused")
