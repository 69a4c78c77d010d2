"""Plugins of the AssemblyScript dialect that fetch, in WebAssembly text: Asyncify is imitated, and can be made to lie.

What the Binaryen pass does to every function is done by hand here: a call leaves when the state says so, and finds back
by a count of the fetches that it has behind it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assemblyscript import NEW
from wat import HEAP, assemble, call, imported, string

if TYPE_CHECKING:
    from collections.abc import Mapping

TYPES = {
    "_initAsyncify": "i32 i32",
    "_fetchGETSync": "i32 i32 i32 -> i32",
    "_fetchPOSTSync": "i32 i32 i32 i32 -> i32",
    "_fetchGET": "i32 i32 i32 i32",
    "_fetchPOST": "i32 i32 i32 i32 i32",
}

# Places: Asyncify's data, arrays, a body, and where `__new` leaves the class id that it was asked for.
FRAME, END, ROWS, PAIRS, BODY, CLASS_ID = 32, 128, 256, 512, 1028, 2048
URL = "http://boat.local/a"


def const(number: int) -> str:
    return f"(i32.const {number})"


def get(url: str = URL, headers: str = const(0), *, mode: int = 1, pointer: str = "") -> str:
    return f"(call $_fetchGETSync {pointer or string(url)} {const(mode)} {headers})"


def post(url: str = URL, body: str = const(0), headers: str = const(0)) -> str:
    return f"(call $_fetchPOSTSync {string(url)} {const(1)} {headers} {body})"


def get_later(callback: int, url: str = URL) -> str:
    return f"(call $_fetchGET {string(url)} {const(2)} {const(0)} {const(callback)})"


def post_later(callback: int, body: str, url: str = URL) -> str:
    return f"(call $_fetchPOST {string(url)} {const(1)} {const(0)} {body} {const(callback)})"


def init(frame: int = FRAME, end: int = END) -> str:
    """Name Asyncify's place, in the first pass of a call only, as the Binaryen pass would have it."""
    return f"(if (i32.eqz (global.get $state)) (then (call $_initAsyncify {const(frame)} {const(end)})))"


SAY = call("sk_debug", "(global.get $answer)", "(i32.load (i32.sub (global.get $answer) (i32.const 4)))")


def fetches(*asked: str, then: str = SAY, result: str = const(0)) -> str:
    """Code that fetches one after the other, does something with each answer, and ends the call with a result.

    Args:
        asked: calls of as-fetch's imports.
        then: what is done with each `$answer`.
        result: of the export; "" where it has none.
    """
    left = f"(return {const(0) if result else ''})"
    steps = [
        f"(if (i32.le_u (global.get $step) {const(number)}) (then (global.set $answer {one})"
        f" (if (i32.eq (global.get $state) {const(1)}) (then {left}))"
        f" (global.set $step {const(number + 1)}) {then}))"
        for number, one in enumerate(asked)
    ]
    return f"{' '.join(steps)} (global.set $step {const(0)}) {result}"


def array(*pointers: str, at: int = ROWS) -> tuple[str, str]:
    """Code that lays out an AssemblyScript array, and the pointer to it."""
    stores = [f"(i32.store {const(at + 16 + 4 * i)} {pointer})" for i, pointer in enumerate(pointers)]
    stores += [f"(i32.store {const(at + 4)} {const(at + 16)})", f"(i32.store {const(at + 12)} {const(len(pointers))})"]
    return " ".join(stores), const(at)


def headers(*pairs: tuple[str, ...]) -> tuple[str, str]:
    """The same for as-fetch's `string[][]`."""
    code, rows = [], []
    for number, pair in enumerate(pairs):
        made, pointer = array(*[string(part) for part in pair], at=PAIRS + 64 * number)
        code.append(made)
        rows.append(pointer)
    made, pointer = array(*rows)
    return " ".join([*code, made]), pointer


def body(content: bytes) -> tuple[str, str]:
    """Code that lays out an ArrayBuffer, and the pointer to it."""
    stores = [f"(i32.store8 {const(BODY + at)} {const(byte)})" for at, byte in enumerate(content)]
    return " ".join([f"(i32.store {const(BODY - 4)} {const(len(content))})", *stores]), const(BODY)


def _function(name: str, parameters: str, result: str, code: str) -> str:
    return f'(func ${name}_ (export "{name}") {parameters} {result} {code})'


def _turn(name: str, state: int, parameter: str = "") -> str:
    return _function(name, parameter, "", f"(global.set $state {const(state)})")


ASYNCIFY = {
    "asyncify_get_state": _function("asyncify_get_state", "", "(result i32)", "(global.get $state)"),
    "asyncify_start_unwind": _turn("asyncify_start_unwind", 1, "(param i32)"),
    "asyncify_stop_unwind": _turn("asyncify_stop_unwind", 0),
    "asyncify_start_rewind": _turn("asyncify_start_rewind", 2, "(param i32)"),
    "asyncify_stop_rewind": _turn("asyncify_stop_rewind", 0),
}
SAY_RESPONSE = (
    call("sk_debug", "(local.get $body)", "(i32.load (i32.sub (local.get $body) (i32.const 4)))")
    + f"(i32.store {const(CLASS_ID + 8)} (local.get $status))"
    + f"(i32.store {const(CLASS_ID + 12)} (local.get $redirected))"
    + f"(i32.store {const(CLASS_ID + 16)} (local.get $callback))"
)


def response_handler(code: str = SAY_RESPONSE) -> str:
    parameters = "(param $body i32) (param $status i32) (param $redirected i32) (param $callback i32)"
    return _function("responseHandler", parameters, "", code)


def binary(
    start: str = const(0),
    *,
    name: str = "",
    exports: Mapping[str, str] | None = None,
    types: Mapping[str, str] | None = None,
    more: str = "",
) -> bytes:
    """The module.

    Args:
        start: the code of `plugin_start`, which leaves its result; `$config` and `$length` are its parameters.
        name: the first thing in `plugin_name`.
        exports: whole exports, more of them or in the place of its own; "" leaves one out.
        types: of imports from as-fetch, where they are to be others.
        more: more fields of the module.
    """
    stop = _function("plugin_stop", "", "(result i32)", const(0))
    functions = {
        "__new": _function(
            "__new",
            "(param $n i32) (param $class i32)",
            "(result i32)",
            f"{NEW.replace('(local $p i32)', f'(local $p i32) (i32.store {const(CLASS_ID)} (local.get $class))', 1)}",
        ),
        "plugin_name": _function("plugin_name", "", "(result i32)", f"{name} {string('Fetcher')}"),
        "plugin_schema": _function("plugin_schema", "", "(result i32)", string("{}")),
        "plugin_start": _function("plugin_start", "(param $config i32) (param $length i32)", "(result i32)", start),
        "plugin_stop": stop,
        **ASYNCIFY,
        **(exports or {}),
    }
    fields = "\n".join([*functions.values(), more])
    known = {**TYPES, **(types or {})}
    used = dict.fromkeys(re.findall(r"\(call \$(\w+)", fields))
    imports = [imported("as-fetch", one, known[one]) for one in used if one in known]
    state = " ".join(f"(global ${one} (mut i32) {const(0)})" for one in ("state", "step", "answer", "count"))
    return assemble(f"(global $heap (mut i32) {const(HEAP)}) {state} {fields}", imports="\n".join(imports))


def poll(code: str) -> dict[str, str]:
    return {"poll": _function("poll", "", "(result i32)", code)}


def delta_handler(code: str) -> dict[str, str]:
    return {"delta_handler": _function("delta_handler", "(param $delta i32)", "", code)}


def handler(name: str, code: str, *, http: bool = False) -> dict[str, str]:
    """An export that takes a text and returns one."""
    parameters = "(param $text i32) (param $length i32)" if http else "(param $text i32)"
    return {name: _function(name, parameters, "(result i32)", code)}
