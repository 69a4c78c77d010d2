"""Modules that pass the numbers that they are called with on to a host function, and give what it gives."""

from __future__ import annotations

# Types of whole numbers, each with what such a function may be called with.
WHOLE = [
    ("()", ()),
    ("() -> i32", ()),
    ("(i32) -> i32", (-1,)),
    ("(i32, i64, i32) -> i32", (5, -(2**63), 2**31 - 1)),
    ("(i64)", (2**63 - 1,)),
]


def passing(signature, where, name, export):
    """The fields of such a module: what it imports, and what it exports."""
    parameters, _, result = signature.partition(" -> ")
    kinds = [kind for kind in parameters.strip("()").split(", ") if kind]
    wasm = f"(param {' '.join(kinds)})" + (f" (result {result})" if result else "")
    gets = " ".join(f"(local.get {index})" for index in range(len(kinds)))
    imported = f'(import "{where}" "{name}" (func $f {wasm}))'
    return imported, f'(func (export "{export}") {wasm} (call $f {gets}))'
