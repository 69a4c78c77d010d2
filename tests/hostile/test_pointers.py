"""Every pointer and length that is none, in every host function that takes one, in both core dialects and WASI (R5)."""

from __future__ import annotations

import itertools

import pytest
from hostile import CAPABILITIES, HONEST, LIMITS, honest, is_well, module, packaged
from wat import compiled

from refhost.functions import TABLE, Kind
from refhost.host import Host
from refhost.wasi.preview1 import FUNCTIONS as WASI

PAGES = 4
END = PAGES * 65536
U32 = 1 << 32
POINTERS = (0, 1, 4, END - 1, END, END + 1, 1 << 31, (1 << 31) - 1, U32 - 1, U32 - 4)
LENGTHS = (0, 1, 46, END, END + 1, 1 << 31, (1 << 31) - 1, U32 - 1)
# What stands in the place of the parameters that are in order: a text of no meaning, room for an answer, a number.
GOOD = 1024
OUT = {Kind.ADDRESS_OUT: 46, Kind.PORT_OUT: 2}
POINTED = [
    function for function in TABLE if function.env and any(p.kind is not Kind.NUMBER for p in function.parameters)
]


def const(number):
    return f"(i32.const {number})"


def hostile_arguments(function):
    """The arguments of a call, and whether they all lie in memory: each parameter in turn, then all at once."""
    kinds = [parameter.kind for parameter in function.parameters]
    for turn in [*range(len(kinds)), None]:
        if turn is not None and kinds[turn] is Kind.NUMBER:
            continue
        for pointer, length in itertools.product(POINTERS, LENGTHS):
            arguments, within = [], True
            for number, kind in enumerate(kinds):
                bad = turn in (number, None)
                if kind is Kind.NUMBER:
                    arguments.append(1)
                elif len(kind.wire) == 2:
                    arguments += [pointer, length] if bad else [GOOD, 8]
                    within &= not bad or pointer + length <= END
                else:
                    arguments.append(pointer if bad else GOOD)
                    within &= not bad or kind not in OUT or pointer + OUT[kind] <= END
            yield arguments, within


def caller(function):
    """A plugin of which `poll` passes every such argument, and counts the calls that did not fail and had to."""
    code, failing = [], 0
    returns = bool(function.result.wire)
    for arguments, within in dict.fromkeys((tuple(a), w) for a, w in hostile_arguments(function)):
        called = f"(call ${function.env} {' '.join(map(const, arguments))})"
        if within or not returns:
            code.append(f"(drop {called})" if returns else called)
        else:
            code.append(f"(if (i32.ne {called} {const(function.failure)}) (then (global.set $wrong {const(1)})))")
        failing += not within
    return " ".join(code), failing


BUFFER = """
(func (export "plugin_id") (param i32 i32) (result i32) (i32.const 0))
(func (export "plugin_name") (param i32 i32) (result i32) (i32.const 0))
(func (export "plugin_schema") (param i32 i32) (result i32) (i32.const 0))
(func (export "allocate") (param i32) (result i32) (i32.const 131072))
"""
ASSEMBLYSCRIPT = """
(func (export "plugin_name") (result i32) string("Pointers"))
(func (export "plugin_schema") (result i32) string("{}"))
(func (export "__new") (param i32 i32) (result i32) (i32.const 131072))
"""


def plugin(exports, code):
    """A plugin of a dialect that does this in `poll`; with `$wrong` set, `poll` returns 1."""
    return compiled(
        module(
            f"""(memory (export "memory") {PAGES}) (global $wrong (mut i32) (i32.const 0)) {exports}
            (func (export "plugin_start") (param i32 i32) (result i32) (i32.const 0))
            (func (export "plugin_stop") (result i32) (i32.const 0))
            (func (export "poll") (result i32) {code} (global.get $wrong))"""
        )
    )


@pytest.mark.parametrize("exports", [BUFFER, ASSEMBLYSCRIPT], ids=["buffer", "assemblyscript"])
@pytest.mark.parametrize("function", [f for f in POINTED if f.env != "abort"], ids=lambda f: f.env)
def test_a_host_function_fails_and_says_so(function, exports):
    code, failing = caller(function)
    assert failing > 20
    with Host(limits=LIMITS) as host:
        host.load(honest()).start()
        hostile = host.load(packaged(plugin(exports, code)))
        hostile.start()
        host.advance(1.0)
        assert hostile.is_running
        assert hostile.fault is None
        assert not [r for r in hostile.log if r.text == "poll returned 1"], "a call that had to fail did not"
        out_of_range = [r for r in hostile.log if r.function == function.env and "not within the memory" in r.text]
        too_long = [r for r in hostile.log if r.function == function.env and "; the limit is" in r.text]
        assert len(out_of_range) + len(too_long) >= failing
        assert out_of_range
        assert is_well(host)
        assert HONEST in host.plugins


@pytest.mark.parametrize("pointer", [0, 1, 3, END, END + 4, (1 << 31) - 1, 1 << 31, U32 - 1, U32 - 4])
def test_abort_with_strings_that_are_none(pointer):
    with Host(limits=LIMITS) as host:
        code = f"(call $abort {const(pointer)} {const(pointer)} (i32.const 1) (i32.const 1))"
        hostile = host.load(packaged(plugin(ASSEMBLYSCRIPT, code)))
        hostile.start()
        host.advance(1.0)
        assert hostile.fault.function == "poll"
        assert "poll aborted" in hostile.fault.message


NUMBERS = (0, 1, 3, END - 1, END, (1 << 31) - 1, 1 << 31, U32 - 4, U32 - 1)


@pytest.mark.parametrize("name", [name for name in WASI if name != "proc_exit"])
def test_a_function_of_wasi_returns_an_errno(name):
    """Each parameter in turn is every number, beside descriptors that there are; then all of them are the same one."""
    kinds = WASI[name].params
    calls = []
    for turn in [*range(len(kinds)), None]:
        for number, other in itertools.product(NUMBERS, (0, 3, GOOD)):
            given = [number if turn in (at, None) else other for at in range(len(kinds))]
            parts = " ".join(f"({kind}.const {value})" for kind, value in zip(kinds, given, strict=True))
            calls.append(f"(drop (call ${name} {parts}))")
    code = " ".join(dict.fromkeys(calls))
    with Host(limits=LIMITS) as host:
        host.load(honest()).start()
        hostile = host.load(packaged(plugin(BUFFER, code)))
        hostile.start()
        host.advance(1.0)
        if name == "poll_oneoff" and hostile.fault is not None:
            assert "longer than a call may take" in hostile.fault.message
        else:
            assert hostile.fault is None
        assert is_well(host)


def test_the_grid_is_of_every_function_with_a_pointer():
    assert len(POINTED) > 20
    assert {"sk_handle_message", "sk_udp_recv", "sk_tcp_recv_raw", "console.log"} <= {f.env for f in POINTED}
    assert all(f.capability in {"", *CAPABILITIES} for f in POINTED)
