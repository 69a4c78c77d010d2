"""Hosts that keep plugins apart badly: each has the files of the plugin `canary`, itself or in a copy."""

from __future__ import annotations

from contextlib import contextmanager

from conformance.drivers.reference import RefhostDriver


class Confusing(RefhostDriver):
    """Whoever asks for files gets those of the canary."""

    @contextmanager
    def host(self, *, call_seconds=None, features=frozenset()):
        with super().host(call_seconds=call_seconds, features=features) as host:
            storage = host.host.storage
            self.confuse(storage, storage.vfs)
            yield host

    def confuse(self, storage, true):
        storage.vfs = lambda _: true("canary")

    def on_disk(self, directory):
        return type(self)(directory=directory)


class Leaking(Confusing):
    """Whoever asks for files gets a copy of the canary's among its own."""

    def confuse(self, storage, true):
        def vfs(plugin_id):
            own = true(plugin_id)
            if plugin_id != "canary":
                for path, data in true("canary").files().items():
                    own.write(path, data)
            return own

        storage.vfs = vfs
