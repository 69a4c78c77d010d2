"""What a plugin offers: PUT handlers and providers (contract §13, §15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.limits import DEFAULTS, Limits
from refhost.profiles import BY_THE_BOOK, Switches
from refhost.services.gate import Refused

if TYPE_CHECKING:
    from collections.abc import Callable


class RegistrationService:
    """The registrations of one plugin instance; they end with it.

    Attributes:
        puts: each `(context, path)` with a PUT handler, in order; the values say nothing.
        providers: each kind of provider (`resource`, `weather`, `radar`) with what was registered, the same way.
    """

    def __init__(
        self,
        announce_put: Callable[[str, str], None],
        switches: Switches = BY_THE_BOOK,
        limits: Limits = DEFAULTS,
    ) -> None:
        self._switches = switches
        self._announce_put = announce_put
        self._limits = limits
        self._bytes = 0
        self.puts: dict[tuple[str, str], None] = {}
        self.providers: dict[str, dict[str, None]] = {"resource": {}, "weather": {}, "radar": {}}

    def register_put_handler(self, context: str, path: str) -> None:
        """Take PUT requests for a path; its meta then says `supportsPut`.

        Raises:
            Refused: context or path is empty; or it has registered too much.
        """
        if not (context and path) and not self._switches.departs("EMPTY", "sk_register_put_handler"):
            raise Refused("a PUT handler needs a context and a path")
        if (context, path) not in self.puts:
            self._check_room(len(context) + len(path))
            self.puts[context, path] = None
        self._announce_put(context, path)

    def _check_room(self, size: int) -> None:
        count = len(self.puts) + sum(map(len, self.providers.values()))
        if count >= self._limits.registrations:
            raise Refused(f"more than {self._limits.registrations} registrations (§19)")
        if self._bytes + size > self._limits.registration_bytes:
            raise Refused(f"the names of registrations have more than {self._limits.registration_bytes} bytes (§19)")
        self._bytes += size

    def register_resource_provider(self, kind: str) -> None:
        """Provide resources of a type, such as `routes`."""
        self._provide("resource", kind)

    def register_weather_provider(self, name: str) -> None:
        """Provide weather under a name."""
        self._provide("weather", name)

    def register_radar_provider(self, name: str) -> None:
        """Provide radars under a name."""
        self._provide("radar", name)

    def clear(self) -> None:
        """The instance has stopped or is gone: what it registered ends with it."""
        self._bytes = 0
        self.puts.clear()
        for names in self.providers.values():
            names.clear()

    def _provide(self, kind: str, name: str) -> None:
        if not name and not self._switches.departs("EMPTY", f"sk_register_{kind}_provider"):
            raise Refused(f"a {kind} provider needs a name")
        if name not in self.providers[kind]:
            self._check_room(len(name))
            self.providers[kind][name] = None
