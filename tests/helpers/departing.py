"""Hosts that depart from the contract in one thing, and code that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from honest import write_out
from wat import call, text

if TYPE_CHECKING:
    from refhost.host import Host


def departure(number: str):
    """Run a test twice: in a host that keeps to the contract, and in one that departs in this alone."""
    return pytest.mark.parametrize(("number", "on"), [(number, False), (number, True)], ids=["by the book", number])


def noted(host: Host) -> set[str]:
    """The departures in the journal."""
    return {record.text.partition(":")[0] for record in host.log if record.kind == "departure"}


def said(plugin, kind: str = "debug") -> list[str]:
    return [record.text for record in plugin.log if record.kind == kind]


def value(path: str, json: str = "1") -> str:
    return f'{{"updates":[{{"values":[{{"path":"{path}","value":{json}}}]}}]}}'


def says_if(condition: str, words: str) -> str:
    return f"(if {condition} (then {call('sk_debug', text(words))}))"


def failed(function: str, *arguments: str) -> str:
    """Code that says `failed` where a function returns other than 0."""
    return says_if(f"(call ${function} {' '.join(arguments)})", "failed")


def granted(everything: dict, **changes) -> dict:
    return {**everything, **changes}


# What a plugin does and exports.

SWITCH = "handle_put_vessels_self_a_b"
FOUR = "(param $p i32) (param $n i32) (param $out i32) (param $max i32) (result i32)"
REGISTER = call("sk_register_put_handler", text("vessels.self"), text("a.b"))


def answering(export: str, answer: str, code: str = "") -> dict[str, str]:
    """A handler of the buffer dialect."""
    return {export: f'(func (export "{export}") {FOUR} {code} {write_out(answer)})'}


PROVIDES = call("sk_register_resource_provider", text("routes"))


def endpoints(answer: str = '[{"method":"GET","path":"/x","handler":"get_x"}]') -> dict[str, str]:
    listed = f'(func (export "http_endpoints") (param $out i32) (param $max i32) (result i32) {write_out(answer)})'
    return {"http_endpoints": listed, **answering("get_x", '{"body":"here"}')}


def creates(path: str) -> str:
    """Code that says whether a file could be created, and writes nothing into it."""
    opened = (
        f"(call $path_open (i32.const 3) (i32.const 0) {text(path)} (i32.const 1) (i64.const 66) (i64.const 0) "
        "(i32.const 0) (i32.const 64))"
    )
    return says_if(f"(i32.eqz {opened})", f"created {path}")


IN, OUT = call("sk_debug", text("in")), call("sk_debug", text("out"))
