"""signalk-server, the real one, as a host: a driver in Node over the package that is installed from npm."""

from conformance.drivers.signalk_server.driver import SignalkServerDriver

__all__ = ["SignalkServerDriver"]
