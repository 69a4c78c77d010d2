"""An honest component that makes an HTTP request when it starts; it can be linked without the capability."""

from __future__ import annotations

from dataclasses import dataclass

from http_guest import ask, binary

from refhost.capabilities import Grants
from refhost.package import PluginPackage

NAME = "wat-asking"
CAPABILITIES = {"network": True}
# Whether the request was refused, as a condition.
REFUSED = "(i32.eq (local.get $a) (i32.const -1))"


@dataclass(frozen=True, kw_only=True)
class Asking:
    """The plugin.

    Attributes:
        answered: code, once the request was handed over or refused.
    """

    answered: str = ""

    def package(self) -> PluginPackage:
        """The component in its package."""
        module = binary(f"(local.set $a (call $send {ask('/weather')})) {self.answered}")
        manifest = {"name": NAME, "version": "1.0.0", "wasmCapabilities": CAPABILITIES}
        return PluginPackage(NAME, module, "mutant", Grants.declared(CAPABILITIES), manifest)
