"""What can go wrong between the suite and a host that runs elsewhere: the driver, the host, or what was asked."""

from __future__ import annotations

import base64

from refhost.errors import (
    BadReturn,
    DeniedError,
    HostError,
    LinkError,
    PluginAbort,
    PluginError,
    PluginExit,
    PluginTimeout,
    PluginTrap,
)

LAST_WORDS = " Its last words on standard error: "
"""Before what a process said when it ended: other words each time, with places on that machine among them."""


class DriverFault(HostError):  # noqa: N818 - whose fault it is, is the point
    """The driver does not keep to the protocol, or cannot be started: nothing is said of the host."""


class HostGone(HostError):  # noqa: N818 - what happened to it
    """The host died, or did not reply and was killed, while it was asked for something."""


class Refused(HostError):  # noqa: N818 - what it did
    """The host replied that it could not do what it was asked for.

    Attributes:
        code: of `conformance.drivers.protocol.CODES`.
    """

    def __init__(self, code: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code


_PLUGIN_ERRORS: dict[str, type[PluginError]] = {
    "trap": PluginTrap,
    "abort": PluginAbort,
    "timeout": PluginTimeout,
    "return": BadReturn,
    "denied": DeniedError,
}


def refusal(error: dict[str, str]) -> HostError:
    """What the error of a reply is in this process: the same as the reference host would have raised."""
    code, message, hint = error["code"], error["message"], error.get("hint", "")
    fault = error.get("fault", code)
    if "function" in error and fault == "exit":
        return PluginExit(error["function"], message, code=0)
    if "function" in error and fault in _PLUGIN_ERRORS:
        return _PLUGIN_ERRORS[fault](error["function"], message, hint=hint)
    if code == "link":
        return LinkError(message, hint=hint)
    return Refused(code, message, hint=hint)


def decoded(text: str) -> bytes:
    """Bytes that a driver sent as base64.

    Raises:
        DriverFault: they are cut.
    """
    try:
        return base64.b64decode(text)
    except ValueError as error:
        raise DriverFault(f"The driver sent base64 that cannot be read: {error}.") from None
