"""What a host may be able to do, by name: a requirement that needs what a host lacks does not apply to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Mapping

FEATURES: Mapping[str, str] = {
    "dialect-buffer": "It runs plugins of the buffer dialect (contract §2).",
    "dialect-assemblyscript": "It runs plugins of the AssemblyScript dialect (contract §2).",
    "dialect-command": "It runs plugins of the command dialect (contract §2).",
    "dialect-component": "It runs components (contract §3).",
    "virtual-clock": "Its time passes only when it is told to; without it the suite waits in real time.",
    "limits": "How long a call into a plugin may take can be set (contract §19).",
    "boot": "It boots with plugins installed and enabled, those that others require first (contract §6).",
    "capabilities": "What a plugin may do is decided by its capabilities (contract §7).",
    "hot-reload": "It reloads a plugin while it runs (contract §9).",
    "any-start": "It can start a plugin with any text in the place of its configuration.",
    "claims": "It shows what plugins gave to be emitted, before anything is made of it (contract §10).",
    "model": "It has a data model that clients read (contract §12).",
    "configuration": "It shows what is saved as a plugin's configuration (contract §8).",
    "registrations": "It shows what a plugin has registered (contract §13, §15).",
    "put": "It takes PUT requests of clients (contract §13).",
    "http": "It has the HTTP API (contract §14).",
    "resources": "It passes requests for resources to their provider (contract §15).",
    "weather": "It passes requests for weather to its provider (contract §15).",
    "radar": "It passes requests for radars to their provider (contract §15).",
    "handlers": "A plugin's handlers can be called directly, past routes and registrations.",
    "streams": "It has binary streams (contract §16).",
    "sockets": "It has sockets, and what plugins open is seen and reached (contract §17).",
    "socket-faults": "Its sockets can be made to fail.",
    "fetch": "It makes HTTP requests of plugins, which the driver answers (contract §18).",
    "files": "It has the tree of files, which the driver reads and writes (contract §8).",
    "directory": "It can keep plugins' files and configurations in a directory of one's choice (contract §8).",
    "file-operations": "It shows each thing that a plugin does with a file.",
    "file-faults": "Changes of files can be made to fail.",
    "memory": "The linear memory of a plugin can be looked into.",
    "reset": "Through the protocol: a fresh host without a new process.",
}


class Unsupported(HostError):  # noqa: N818 - the protocol's word for it
    """The host lacks a feature; what needs it does not apply.

    Attributes:
        feature: of `FEATURES`.
    """

    def __init__(self, feature: str, host: str) -> None:
        what = FEATURES[feature]
        super().__init__(f"The host {host} does not have the feature {feature}: {what[0].lower()}{what[1:]}")
        self.feature = feature
