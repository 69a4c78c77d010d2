"""The types of functions, read from a module's bytes: what wasmtime-py would not survive to be asked for, above all."""

import pytest
import wasmtime

from refhost.binary import read_core
from refhost.engine import COMPILER
from refhost.errors import BinaryError, LinkError, PluginTrap
from refhost.signatures import Signatures, callable_from_python

# Of each kind one that wasmtime's C API ends the process for; the first is fine.
TYPES = {
    "(param i32 i64 f32 f64 funcref externref) (result i32)": "(i32, i64, f32, f64, funcref, externref) -> i32",
    "(param i32 v128)": "(i32, v128)",
    "(result v128) unreachable": "() -> v128",
    "(param (ref func))": "((ref func))",
    "(param (ref extern))": "((ref extern))",
    "(param (ref null $struct))": "((ref null 0))",
    "(param (ref $function))": "((ref 3))",
    "(param anyref eqref i31ref structref arrayref)": "(anyref, eqref, i31ref, structref, arrayref)",
    "(param nullref nullfuncref nullexternref exnref)": "(nullref, nullfuncref, nullexternref, exnref)",
    "(param (ref any))": "((ref any))",
}
DEFINED = """
  (type $struct (struct (field i8) (field (mut (ref null $struct))) (field v128)))
  (rec (type $open (sub (array (mut i16)))) (type $closed (sub final $open (array (mut i16)))))
  (type $function (func (param i32)))
"""


def module(code, imported="(param i32)"):
    return bytes(
        wasmtime.wat2wasm(f"""(module {DEFINED}
          (import "a" "table" (table i64 1 2 anyref)) (import "a" "memory" (memory i64 1 2 shared))
          (import "a" "function" (func {imported})) (import "a" "global" (global (mut v128)))
          (import "a" "tag" (tag (param i32 v128)))
          (func) (func (export "f") {code}) (memory (export "memory") 1)
          (tag (export "tag") (param v128)) (global (export "global") v128 (v128.const i64x2 0 0)))""")
    )


@pytest.mark.parametrize(("code", "signature"), TYPES.items())
def test_every_type_has_a_text(code, signature):
    found = Signatures(module(code))
    assert found.exports == {"f": signature}
    assert found.imports == ["", "", "(i32)", "", ""]


@pytest.mark.parametrize("code", [code for code in TYPES if "result" not in code])
def test_imports_too(code):
    assert Signatures(module("", code)).imports[2] == TYPES[code]


@pytest.mark.parametrize("signature", TYPES.values())
def test_what_python_can_call(signature):
    plain = next(iter(TYPES.values()))
    assert callable_from_python(signature) is (signature == plain)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x01\x02\x01\x40", "a definition of kind 0x40"),
        (b"\x01\x05\x01\x60\x01\x65\x00", "the type 0x65"),
        (b"\x01\x02\x01\x60", "it ends too soon"),
        (b"\x02\x05\x01\x00\x00\x7f\x00", "an import of kind 127"),
    ],
)
def test_what_is_not_known_is_refused(data, message):
    with pytest.raises(BinaryError, match=message):
        Signatures(b"\0asm\x01\0\0\0" + data)


def test_a_plugin_with_a_vector_in_an_export_of_its_own_runs(make_host, core, package):
    """It would have ended this process."""
    binary = core(more='(func (export "helper") (param v128)) (func (export "made") (param anyref))')
    assert read_core(binary).exports["helper"] == "(v128)"
    plugin = make_host().load(package(binary))
    plugin.start()
    assert plugin.state == "running"
    with pytest.raises(PluginTrap, match=r"its type is \(v128\)"):
        plugin.ask_http("helper", "{}", 100)
    assert not plugin.is_running


def test_a_vector_where_the_contract_has_a_number_is_a_problem(make_host, core, package):
    COMPILER.clear()
    binary = core("(call $sk_debug (v128.const i64x2 0 0)) (i32.const 0)", types={"sk_debug": "v128"})
    with pytest.raises(LinkError, match=r"sk_debug: it is declared as \(v128\)"):
        make_host().load(package(binary))
