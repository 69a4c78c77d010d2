"""One broken plugin, and what its verdict must say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from honest import Honest

from conformance.drivers.reference import RefhostDriver
from conformance.subject import Subject
from refhost.capabilities import Grants
from refhost.limits import Limits
from refhost.package import PluginPackage

if TYPE_CHECKING:
    from asking import Asking
    from fetcher import Fetcher
    from packaged import Packaged

    from conformance.drivers.interface import Driver

# What breaks a plugin so early, or so thoroughly, that other requirements cannot hold either.
DEAD = "it never starts"
SHORT_LIVED = "an ordinary run kills it"


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """An honest plugin with one thing changed.

    Attributes:
        match: what the reason of the verdict must contain.
        plugin: the changed plugin, its changed package, or a whole binary.
        limits: of the host; smaller ones where the fault is a hang or a flood.
        driver: the host, where it is another than the reference host as it is.
        fatal: why more than three other MUSTs are broken with it; "" when no more are.
        slow: whether judging it against everything takes too long.
    """

    match: str
    plugin: Honest | Packaged | Fetcher | Asking | bytes = field(default_factory=Honest)
    limits: Limits = field(default_factory=Limits)
    driver: Driver | None = None
    fatal: str = ""
    slow: bool = False

    def subject(self) -> Subject:
        """The mutant, ready to be judged."""
        driver = self.driver or RefhostDriver(limits=self.limits)
        if isinstance(self.plugin, bytes):
            return Subject(PluginPackage("", self.plugin, "mutant.wasm", Grants.declared({})), driver=driver)
        return Subject(self.plugin.package(), driver=driver)
