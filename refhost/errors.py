"""What can go wrong, each with a sentence that says what, where and what to do about it."""

from __future__ import annotations


class HostError(Exception):
    """Something that this host refuses or that a plugin did wrong.

    Attributes:
        message: what happened, naming the file, function or value, and what was expected.
        hint: what to do about it; empty where there is nothing to advise.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class BinaryError(HostError):
    """The bytes are not a WebAssembly binary that any dialect recognises (contract §2)."""


class PackageError(HostError):
    """The package around the binary is unusable (contract §6)."""


class LinkError(HostError):
    """An import or export is missing, unknown or of another type (contract §2.1, §4)."""


class ConfigurationError(HostError):
    """What the caller asked of the host makes no sense: a usage error."""


class StateError(HostError):
    """The call does not fit the state the plugin is in (contract §9)."""


class PluginError(HostError):
    """A call into the plugin ended in something that the contract does not allow.

    Attributes:
        function: the export that was called.
    """

    def __init__(self, function: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.function = function


class PluginTrap(PluginError):
    """The call trapped. `trap` is WebAssembly's own word for why, such as `unreachable`."""

    def __init__(self, function: str, message: str, *, trap: str = "", hint: str = "") -> None:
        super().__init__(function, message, hint=hint)
        self.trap = trap


class PluginAbort(PluginError):
    """The plugin called `env.abort` (contract §4, R6)."""


class PluginExit(PluginError):
    """The plugin called `proc_exit` (contract §5). `code` is its exit code."""

    def __init__(self, function: str, message: str, *, code: int) -> None:
        super().__init__(function, message)
        self.code = code


class PluginTimeout(PluginError):
    """The call ran longer than the limit (contract §19)."""


class BadReturn(PluginError):
    """The call returned what cannot be read: a length out of range, or text in no encoding (contract §2.1)."""


class FetchProtocolError(PluginError):
    """The call broke the rules of as-fetch or Asyncify, so that it cannot be gone on with (contract §18)."""


class DeniedError(PluginError):
    """A WIT function that cannot return an error was called without its capability (contract §7)."""


class GuestExit(Exception):
    """Raised by the host's `proc_exit`; never leaves refhost."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class OutOfBounds(Exception):
    """A pointer and length from a guest that do not lie in its memory (contract §4, R5)."""

    def __init__(self, pointer: int, length: int, size: int) -> None:
        super().__init__(f"{length} bytes at {pointer:#x} are not within the memory of {size:#x} bytes")
