"""Mutants that do not bear to have a capability taken away, that do not say so, or that never use what they ask for."""

from __future__ import annotations

from asking import REFUSED, Asking
from honest import PUTS, Honest
from offering import Offering
from wat import TRAP, call, text, when

from mutants.mutant import Mutant

_REGISTER = call("sk_register_put_handler", text("vessels.self"), text("plugins.wat.switch"))
_NEVER = "(i32.const 0)"


def _needs(capability: str) -> Offering:
    return Offering(start=when(f"(i32.eqz (call $sk_has_capability {text(capability)}))", TRAP))


def _mutant(capability: str) -> Mutant:
    return Mutant(match=f"started without {capability}: plugin_start trapped", plugin=_needs(capability))


MUTANTS = {
    "CAP-011": _mutant("rawSockets"),
    "CAP-012": _mutant("putHandlers"),
    "CAP-013": _mutant("httpEndpoints"),
    "CAP-014": _mutant("resourceProvider"),
    "CAP-015": _mutant("weatherProvider"),
    "CAP-016": _mutant("radarProvider"),
    "CAP-017": Mutant(match="started without network: start trapped", plugin=Asking(answered=when(REFUSED, TRAP))),
    "CAP-018": Mutant(
        match="without putHandlers it started, sk_register_put_handler was denied, and it said nothing of it",
        plugin=Honest(puts=_REGISTER),
    ),
    "CAP-018 files": Mutant(
        match="without storage it started, every use of a file was denied, and it said nothing of it",
        plugin=Honest(written=""),
    ),
    "CAP-019": Mutant(
        match="it declares putHandlers, and an ordinary run makes no use of it", plugin=Honest(puts=when(_NEVER, PUTS))
    ),
}
