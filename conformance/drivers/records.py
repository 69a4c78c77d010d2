"""What a host shows of plugins: the records that the driver interface hands out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refhost.capabilities import Grants
    from refhost.package import PluginPackage


def loading(package: PluginPackage, grants: Grants | None) -> str:
    """The step of loading a package, in words: from where, and which of its capabilities are held back."""
    declared = package.grants
    held_back = [name for name in declared.values if grants and declared.has(name) and not grants.has(name)]
    without = f" without {', '.join(held_back)}" if held_back else ""
    return f"load {package.origin or 'the plugin'}{without}"


@dataclass(frozen=True)
class LogRecord:
    """One line of a host's log; `kind` and `function` as in `refhost.journal.Record`."""

    kind: str
    function: str
    text: str


@dataclass(frozen=True)
class EmittedText:
    """A delta as the plugin gave it, with the version it named."""

    text: str
    version: int


@dataclass(frozen=True)
class FileOperation:
    """One thing that a plugin did with a file, or tried: see `refhost.wasi.vfs.Operation`."""

    name: str
    path: str
    error: str


@dataclass(frozen=True)
class PutReply:
    """The answer to a PUT request (contract §13)."""

    state: str
    status_code: int
    message: str


@dataclass(frozen=True)
class HttpReply:
    """What a client of the host's HTTP API gets."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class FetchRequest:
    """One HTTP request that the plugin made, and the status that answered it; 0 for none."""

    method: str
    url: str
    status: int


@dataclass(frozen=True)
class StreamData:
    """What the plugin emitted on a binary stream (contract §16)."""

    stream: str
    data: bytes


@dataclass(frozen=True)
class CarriedDelta:
    """A delta as a client of the host's stream sees it (contract §10).

    Attributes:
        text: JSON, as the host sends it.
        source: the id of the plugin that emitted it; "" where it came from elsewhere.
        version: 1, or 2 for an event that does not enter the v1 model.
    """

    text: str
    source: str
    version: int


@dataclass(frozen=True)
class ProviderReply:
    """What a client of a provider gets (contract §15).

    Attributes:
        value_text: the answer, as JSON; "" where it is not about a value.
        error: why the request failed; "" when it did not.
    """

    value_text: str
    error: str = ""


@dataclass(frozen=True)
class Installed:
    """A plugin that is there when a host boots.

    Attributes:
        config: what is saved as its configuration.
        enabled: whether it is saved as enabled.
    """

    package: PluginPackage
    config: Mapping[str, Any] = field(default_factory=dict)
    enabled: bool = True
