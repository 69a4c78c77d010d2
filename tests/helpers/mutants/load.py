"""Mutants that cannot be loaded, or whose memory cannot be used."""

from __future__ import annotations

import assemblyscript
from honest import ALLOCATE, Honest
from wat import TRAP, assemble, call, compiled, imported, when

from mutants.mutant import DEAD, Mutant


def _allocate(body: str) -> dict[str, str]:
    return {"allocate": f'(func (export "allocate") (param $n i32) (result i32) {body})'}


def _real_allocate(first: str) -> dict[str, str]:
    declaration = "(local $p i32)"
    return _allocate(declaration + first + ALLOCATE.replace(declaration, ""))


def _exports(name: str, function: str) -> dict[str, str]:
    return {name: f'(func (export "{name}") {function})' if function else ""}


_SAME_BLOCK = '(func (export "__new") (param i32 i32) (result i32) (i32.const 131072))'
_WITHOUT_MEMORY = '(func (export "plugin_id") (param i32 i32) (result i32) (i32.const 0)) (func (export "allocate"))'
_LEGACY = " ".join(f'(func (export "{name}"))' for name in ("id", "name", "schema", "start", "stop"))
_DIVIDE = "(drop (i32.div_u (i32.const 1) (i32.const 0)))"

MUTANTS = {
    "LOAD-001": Mutant(match="fits no dialect", plugin=compiled("(module)"), fatal=DEAD),
    "LOAD-001 text": Mutant(match="it is text, beginning '<!doctype", plugin=b"<!doctype html>", fatal=DEAD),
    "LOAD-001 cut short": Mutant(match="not valid WebAssembly", plugin=Honest().binary()[:-40], fatal=DEAD),
    "LOAD-001 no memory": Mutant(
        match='no memory named "memory"', plugin=assemble(_WITHOUT_MEMORY, memory=""), fatal=DEAD
    ),
    "LOAD-001 other world": Mutant(match="another world", plugin=compiled("(component)"), fatal=DEAD),
    "LOAD-002": Mutant(
        match="env.sk_log_debug: the host has no function",
        plugin=Honest(imports=imported("env", "sk_log_debug", "i32 i32")),
        fatal=DEAD,
    ),
    "LOAD-002 module": Mutant(
        match='the host has no module "wbg"',
        plugin=Honest(imports=imported("wbg", "now", "-> f64")),
        fatal=DEAD,
    ),
    "LOAD-002 wasi": Mutant(
        match="WASI preview 1 has no such function",
        plugin=Honest(imports=imported("wasi_snapshot_preview1", "path_opne", "i32 -> i32")),
        fatal=DEAD,
    ),
    "LOAD-003": Mutant(
        match="it is declared as (i32); the host's is (i32, i32)",
        plugin=Honest(imports='(import "env" "sk_debug" (func (param i32)))'),
        fatal=DEAD,
    ),
    "LOAD-003 wasi": Mutant(
        match="it is declared as (i32); WASI's is (i32) -> i32",
        plugin=Honest(imports='(import "wasi_snapshot_preview1" "fd_sync" (func (param i32)))'),
        fatal=DEAD,
    ),
    "LOAD-004": Mutant(
        match="plugin_stop: it is missing", plugin=Honest(exports=_exports("plugin_stop", "")), fatal=DEAD
    ),
    "LOAD-004 assemblyscript": Mutant(
        match="__new: it is missing", plugin=assemblyscript.binary(exports={"__new": ""}), fatal=DEAD
    ),
    "LOAD-005": Mutant(
        match="plugin_stop: its type is (i32) -> i32",
        plugin=Honest(exports=_exports("plugin_stop", "(param i32) (result i32) (i32.const 0)")),
        fatal=DEAD,
    ),
    "LOAD-005 endpoints": Mutant(
        match="http_endpoints: its type is () -> i32",
        plugin=Honest(exports=_exports("http_endpoints", "(result i32) (i32.const 0)")),
        fatal=DEAD,
    ),
    "LOAD-009": Mutant(match="it is a program", plugin=assemble(f'(func (export "_start")) {_LEGACY}')),
    "LOAD-006": Mutant(
        match="instantiation trapped: unreachable",
        plugin=Honest(more="(func $boom (unreachable)) (start $boom)"),
        fatal=DEAD,
    ),
    "LOAD-006 _initialize": Mutant(
        match="_initialize trapped: integer divide by zero",
        plugin=Honest(more=f'(func (export "_initialize") {_DIVIDE})'),
        fatal=DEAD,
    ),
    "LOAD-006 exit": Mutant(
        match="_initialize ended the program with proc_exit(3)",
        plugin=Honest(more=f'(func (export "_initialize") {call("proc_exit", "(i32.const 3)")})'),
        fatal=DEAD,
    ),
    "LOAD-007": Mutant(match="no export deallocate", plugin=Honest(exports={"deallocate": ""})),
    "LOAD-008": Mutant(match="was overwritten by another", plugin=Honest(exports=_allocate("(i32.const 131072)"))),
    "LOAD-008 zero": Mutant(
        match="allocate(65536) returned 0",
        plugin=Honest(
            exports=_real_allocate(when("(i32.gt_u (local.get $n) (i32.const 60000))", "(return (i32.const 0))"))
        ),
    ),
    "LOAD-008 outside": Mutant(
        match="returned a place outside the memory",
        plugin=Honest(
            exports=_real_allocate(when("(i32.eq (local.get $n) (i32.const 65536))", "(return (i32.const 0x7fffff00))"))
        ),
    ),
    "LOAD-008 trap": Mutant(
        match="while memory was allocated: allocate trapped",
        plugin=Honest(exports=_real_allocate(when("(i32.eq (local.get $n) (i32.const 4096))", TRAP))),
    ),
    "LOAD-008 assemblyscript": Mutant(
        match="was overwritten by another", plugin=assemblyscript.binary(exports={"__new": _SAME_BLOCK})
    ),
}
