"""A plugin in whose place a test calls host functions: they are exported again, and arguments are put into memory."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from wat import ENV, HEAP, assemble, text

from refhost.capabilities import Grants
from refhost.package import PluginPackage

if TYPE_CHECKING:
    from refhost.host import Host
    from refhost.journal import Record

GRANTED = {"rawSockets": True, "radarProvider": True}
PAGES = 16
MEMORY = PAGES * 65536
# Where arguments, what is received, its address and its port lie.
ARGUMENTS, ROOM, ADDRESS, PORT = 262_144, 524_288, 1024, 2048


def _again(name: str) -> str:
    parameters, _, result = ENV[name].partition("->")
    count = len(parameters.split())
    given = " ".join(f"(local.get {index})" for index in range(count))
    signature = " ".join(["(param i32)"] * count) + (" (result i32)" if result else "")
    return f'(func (export "call {name}") {signature} (call ${name} {given}))'


@functools.cache
def binary(*, name_code: str = "", start_code: str = "", poll: str = "", stop: str = "", status: int = 0) -> bytes:
    """The module; what it does in its own calls may be added, and what its start returns."""

    def says(words: str) -> str:
        pointer, length = text(words).removesuffix(")").split(") ")
        return f"(memory.copy (local.get $out) {pointer}) {length})) {length})"

    out = "(param $out i32) (param $max i32) (result i32)"
    functions = [
        each for each in ENV if each.startswith(("sk_udp", "sk_tcp", "sk_radar", "sk_emit", "sk_register_radar"))
    ]
    return assemble(
        "\n".join(
            [
                f'(func (export "allocate") (param i32) (result i32) (i32.const {HEAP}))',
                f'(func (export "plugin_id") {out} {says("speaker")})',
                f'(func (export "plugin_name") {out} {name_code} {says("Speaker")})',
                f'(func (export "plugin_schema") {out} {says("{}")})',
                f'(func (export "plugin_start") (param i32 i32) (result i32) {start_code} (i32.const {status}))',
                f'(func (export "plugin_stop") (result i32) {stop} (i32.const 0))',
                f'(func (export "poll") (result i32) {poll} (i32.const 0))',
                '(func (export "trap") (unreachable))',
                *map(_again, functions),
            ]
        ),
        memory=f'(memory (export "memory") {PAGES})',
    )


class Speaker:
    """One such plugin in a host, started unless told otherwise."""

    def __init__(
        self, host: Host, name: str = "speaker", capabilities: dict | None = None, *, start: bool = True, **code
    ) -> None:
        grants = Grants.declared(GRANTED if capabilities is None else capabilities)
        self.plugin = host.load(PluginPackage(name, binary(**code), name, grants, {"name": name}))
        if start:
            self.plugin.start()

    def __getattr__(self, name: str):
        """A host function, called with numbers, and texts or bytes that are put into memory."""
        return functools.partial(self.call, name)

    def call(self, name: str, *arguments: float | str | bytes) -> int:
        return self.plugin._life.call(lambda instance: instance.number(f"call {name}", *self._placed(arguments)))

    def _placed(self, arguments) -> list[int]:
        numbers, at = [], ARGUMENTS
        for argument in arguments:
            if isinstance(argument, int):
                numbers.append(argument)
            else:
                data = argument.encode() if isinstance(argument, str) else argument
                self.memory.write(at, data)
                numbers += [at, len(data)]
                at += len(data)
        return numbers

    @property
    def memory(self):
        return self.plugin.instance.memory

    def udp_recv(self, number: int, size: int = 65536) -> tuple[bytes, str, int] | int:
        """What was received, its address and its port; the result where it is not positive."""
        result = self.call("sk_udp_recv", number, ROOM, size, ADDRESS, PORT)
        if result <= 0:
            return result
        address = self.memory.read(ADDRESS, 46).partition(b"\0")[0].decode()
        return self.memory.read(ROOM, result), address, int.from_bytes(self.memory.read(PORT, 2), "little")

    def tcp_recv(self, number: int, how: str = "line", size: int = 65536) -> bytes | int:
        """A line or, with `raw`, a chunk; the result where it is not positive."""
        result = self.call(f"sk_tcp_recv_{how}", number, ROOM, size)
        return result if result <= 0 else self.memory.read(ROOM, result)

    def records(self, *kinds: str) -> list[Record]:
        return [r for r in self.plugin.log if r.kind in (kinds or ("refused", "denied", "warning"))]

    def reason(self) -> str:
        """Why the latest call failed."""
        return self.records()[-1].text
