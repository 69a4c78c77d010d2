"""An honest plugin that fetches: when it starts, and every half minute; in WebAssembly text, and its faulty copies."""

from __future__ import annotations

from dataclasses import dataclass

from fetching import binary, const, fetches, get, init, poll
from wat import call, text, when

from refhost.capabilities import Grants
from refhost.package import PluginPackage

NAME = "wat-fetcher"
CAPABILITIES = {"network": True}
EVERY = 30
SIZE = "(i32.load (i32.sub (global.get $answer) (i32.const 4)))"
NOTHING = call("sk_set_status", text("Nobody answers"))
SOMETHING = call("sk_set_status", text("Fetched"))


def answer_byte(at: int) -> str:
    """A byte of the answer."""
    return f"(i32.load8_u offset={at} (global.get $answer))"


@dataclass(frozen=True, kw_only=True)
class Fetcher:
    """A plugin of the AssemblyScript dialect; each attribute but the first is code that is put in at one place.

    Attributes:
        url: what it asks for.
        failed, fetched: what it does without an answer, and with one, which is `$answer`.
        every: after so many polls it asks again; 0 for never.
        times: how often it asks then.
        end: the last thing in `plugin_start`.
    """

    url: str = "http://boat.local/weather"
    failed: str = NOTHING
    fetched: str = SOMETHING
    every: int = EVERY
    times: int = 1
    end: str = ""

    def package(self) -> PluginPackage:
        """The module in its package."""
        look = f"(if (i32.eqz {SIZE}) (then {self.failed}) (else {self.fetched}))"
        asks = fetches(*[get(self.url)] * self.times, then=look)
        due = f"(i32.eqz (i32.rem_u (global.get $count) {const(self.every)}))" if self.every else const(0)
        counted = when(
            "(i32.eqz (global.get $state))", "(global.set $count (i32.add (global.get $count) (i32.const 1)))"
        )
        return PluginPackage(
            NAME,
            binary(
                f"{init()} (drop (block (result i32) {asks})) {self.end} {const(0)}",
                exports=poll(f"{counted} {init()} (if (result i32) {due} (then {asks}) (else {const(0)}))"),
            ),
            "mutant",
            Grants.declared(CAPABILITIES),
            {"name": NAME, "version": "1.0.0", "wasmCapabilities": CAPABILITIES},
        )
