"""`wasi:sockets`: there, and refused. Sockets of plugins are functions of the `env` API (contract §5, §17)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.wasi.preview2.registry import Failure, wasi
from refhost.wasi.preview2.streams import Resource

if TYPE_CHECKING:
    from refhost.wasi.preview2.streams import Error


class Network(Resource):
    """The network of a plugin, on which every call is refused."""

    resource = "network"


class SocketFunctions:
    """What does not fail."""

    @wasi("wasi:sockets/instance-network", "instance-network")
    def instance_network(self) -> Network:
        """The network."""
        return Network()

    @wasi("wasi:sockets/network", "network-error-code")
    def network_error_code(self, _error: Error) -> None:
        """No error comes from a socket."""


def refuse(*_arguments: object) -> None:
    """Any other function. Those that need a socket are never called, since none is ever made."""
    raise Failure("access-denied")
