"""What is in a core module, and whether it fits (contract §2, §4)."""

from __future__ import annotations

import pytest
from assemblyscript import binary as assemblyscript
from honest import Honest
from hypothesis import given
from hypothesis import strategies as st
from wat import compiled

from refhost.binary import WASI_MODULE, is_component, read_core
from refhost.engine import COMPILER
from refhost.errors import BinaryError
from refhost.exports import PROVIDER_HANDLERS, Dialect, contract_exports
from refhost.functions import COMMON_SLIPS, ENV, SERVICES, describe

MAGIC = b"\0asm"
CORE = MAGIC + b"\x01\0\0\0"
COMPONENT = MAGIC + b"\x0d\0\x01\0"


def refusal(binary: bytes) -> str:
    with pytest.raises(BinaryError) as caught:
        is_component(binary) or read_core(binary)
    return str(caught.value)


# -- the header


def test_the_header_decides():
    assert is_component(CORE) is False
    assert is_component(COMPONENT) is True
    assert is_component(COMPONENT + b"more") is True


@pytest.mark.parametrize(
    ("binary", "told"),
    [
        (b"", "the file is empty"),
        (MAGIC, "has only 4 bytes"),
        (CORE[:7], "has only 7 bytes"),
        (MAGIC + b"\x02\0\0\0", "its version bytes are 02 00 00 00"),
        (MAGIC + b"\x0a\0\x01\0", "its version bytes are 0a 00 01 00"),
        (b"(module (func))", "looks like WebAssembly text"),
        (b"\n  (component)", "looks like WebAssembly text"),
        (b'{"name": "x"}', 'it is text, beginning \'{"name": "x"}\''),
        (b"\x7fELF\x02\x01\x01\0", "begins with the bytes 7f 45 4c 46"),
        (b"\0\0\0\0" + CORE, "begins with the bytes 00 00 00 00"),
        (b"\0ASM\x01\0\0\0", "begins with the bytes"),
    ],
)
def test_anything_else_is_refused_with_what_it_looks_like(binary, told):
    assert told in refusal(binary)
    assert "00 61 73 6D" in refusal(binary)


@given(st.binary(max_size=40))
def test_any_bytes_have_one_format_or_are_refused(binary):
    try:
        found = is_component(binary)
    except BinaryError:
        assert binary[:8] not in (CORE, COMPONENT)
    else:
        assert binary[:8] == (COMPONENT if found else CORE)


@given(st.binary(max_size=60))
def test_a_broken_body_is_refused_by_name(body):
    for header in (CORE, MAGIC + b"\x01\0\0\0"):
        try:
            read_core(header + body)
        except BinaryError:
            continue
        raise AssertionError("so short a module cannot be a plugin")


def test_a_module_that_was_cut_short(core):
    whole = core()
    for length in (8, 9, 50, len(whole) - 1):
        assert "valid WebAssembly" in refusal(whole[:length]) or "fits no dialect" in refusal(whole[:length])


# -- the dialect

MEMORY = '(memory (export "memory") 1)'


def module(*exports: str, memory: bool = True) -> bytes:
    functions = " ".join(f'(func (export "{name}"))' for name in exports)
    return compiled(f"(module {functions} {MEMORY if memory else ''})")


@pytest.mark.parametrize(
    ("exports", "dialect"),
    [
        (("plugin_id", "allocate"), Dialect.BUFFER),
        (("plugin_id", "allocate", "_start"), Dialect.BUFFER),
        (("plugin_id",), Dialect.ASSEMBLYSCRIPT),
        (("plugin_name", "plugin_start"), Dialect.ASSEMBLYSCRIPT),
        (("_start", "id", "name", "schema", "start", "stop"), Dialect.COMMAND),
        (("plugin_id", "_start", "id", "name", "schema", "start", "stop"), Dialect.COMMAND),
    ],
)
def test_exports_decide_the_dialect(exports, dialect):
    assert read_core(module(*exports)).dialect is dialect


@pytest.mark.parametrize(
    "exports",
    [
        (),
        ("run",),
        ("allocate",),
        ("plugin_name",),
        ("plugin_start",),
        ("plugin_name", "plugin_start", "allocate"),
        ("plugin_name", "plugin_start", "_start"),
        ("_start",),
        ("_start", "id", "name", "schema", "start"),
        ("id", "name", "schema", "start", "stop"),
    ],
)
def test_a_module_that_fits_no_dialect_is_told_what_each_needs(exports):
    told = refusal(module(*exports))
    assert "fits no dialect" in told
    assert all(name in told for name in exports)
    for word in ("allocate", "plugin_start", "_start"):
        assert word in told


def test_a_long_list_of_exports_is_cut():
    assert "and 20 more" in refusal(module(*[f"f{i}" for i in range(59)]))


def test_a_module_without_memory_is_refused():
    told = refusal(module("plugin_id", "allocate", memory=False))
    assert 'no memory named "memory"' in told


# -- what it imports


def problems(binary: bytes) -> dict[str, str]:
    """Each problem's name with all that is said about it."""
    return {p.name: f"{p.message}. {p.hint} ({p.section})" for p in read_core(binary).problems()}


def importing(core, module_name: str, name: str, params: str = "", results: str = "") -> bytes:
    wasm = (f"(param {params})" if params else "") + (f"(result {results})" if results else "")
    body = f'(module (import "{module_name}" "{name}" (func {wasm}))'
    exports = {
        "plugin_id": "(param i32 i32) (result i32) (i32.const 0)",
        "plugin_name": "(param i32 i32) (result i32) (i32.const 0)",
        "plugin_schema": "(param i32 i32) (result i32) (i32.const 0)",
        "plugin_start": "(param i32 i32) (result i32) (i32.const 0)",
        "plugin_stop": "(result i32) (i32.const 0)",
        "allocate": "(param i32) (result i32) (i32.const 0)",
    }
    functions = " ".join(f'(func (export "{n}") {t})' for n, t in exports.items())
    return compiled(f"{body} {functions} {MEMORY})")


def test_an_honest_plugin_has_no_problems(core):
    for binary in (Honest().binary(), assemblyscript(), core()):
        assert read_core(binary).problems() == []


@pytest.mark.parametrize("row", ENV.values(), ids=ENV.keys())
def test_every_function_of_the_table_links_in_all_its_forms_if_it_is_served(row, core, monkeypatch):
    for parameters, results in row.signatures():
        module = importing(core, "env", row.env, " ".join(parameters), " ".join(results))
        assert problems(module) == {}
        with monkeypatch.context() as without:
            without.setattr("refhost.binary.SERVICES", SERVICES - {row.operation.partition(".")[0]})
            COMPILER.clear()  # what was found out about the same bytes is remembered
            assert "does not carry it out" in problems(module)[f"env.{row.env}"]


@pytest.mark.parametrize("row", ENV.values(), ids=ENV.keys())
def test_every_function_of_the_table_is_refused_with_another_type(row, core):
    parameters, results = row.signatures()[0]
    for params, result in (
        ((*parameters, "i32"), results),
        (("i64", *parameters[1:]), results),
        (parameters, ("i64",)),
    ):
        told = problems(importing(core, "env", row.env, " ".join(params), " ".join(result)))[f"env.{row.env}"]
        assert describe(params, result) in told
        assert describe(parameters, results) in told
        assert "§4" in told


@pytest.mark.parametrize(("slip", "meant"), COMMON_SLIPS.items())
def test_common_slips_lead_to_what_is_meant(slip, meant, core):
    told = problems(importing(core, "env", slip, "i32 i32"))[f"env.{slip}"]
    assert f"Did you mean {meant} " in told
    assert describe(*ENV[meant].signatures()[0]) in told


def test_an_unknown_function_leads_to_the_nearest_or_to_the_contract(core):
    assert "Did you mean sk_set_status " in problems(importing(core, "env", "sk_set_statsu"))["env.sk_set_statsu"]
    assert "Contract §4" in problems(importing(core, "env", "zzzzzz"))["env.zzzzzz"]


def test_wasi_functions_are_checked_too(core):
    assert problems(importing(core, WASI_MODULE, "proc_exit", "i32")) == {}
    assert "WASI's is (i32)" in problems(importing(core, WASI_MODULE, "proc_exit", "i64"))[f"{WASI_MODULE}.proc_exit"]
    assert "Did you mean fd_write?" in problems(importing(core, WASI_MODULE, "fd_wirte"))[f"{WASI_MODULE}.fd_wirte"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("wasi_unstable", "newer toolchain"),
        ("__wbindgen_placeholder__", "wasm-bindgen"),
        ("something", "A plugin imports from env"),
    ],
)
def test_other_modules_are_refused_with_what_to_do(name, told, core):
    found = problems(importing(core, name, "f"))[f"{name}.f"]
    assert f'the host has no module "{name}"' in found
    assert told in found


@pytest.mark.parametrize("sort", ["(memory 1)", "(global i32)", "(table 1 funcref)", "(global (mut i32))"])
def test_what_is_imported_and_no_function_is_a_problem(sort, core):
    memory = '(export "memory" (memory 0))' if "memory" in sort else MEMORY
    functions = '(func (export "plugin_id")) (func (export "allocate"))'
    binary = compiled(f'(module (import "env" "sk_debug" {sort}) {functions} {memory})')
    assert "env.sk_debug" in problems(binary)


# -- what it exports


@pytest.mark.parametrize("dialect", [Dialect.BUFFER, Dialect.ASSEMBLYSCRIPT])
def test_each_required_export_is_missed_and_each_one_is_checked(dialect, core):
    whole = Honest().binary() if dialect is Dialect.BUFFER else assemblyscript()
    assert {e.name for e in contract_exports(dialect) if e.required} <= set(read_core(whole).exports)
    for export in contract_exports(dialect):
        if export.name in ("plugin_id", "allocate") or dialect is Dialect.ASSEMBLYSCRIPT:
            continue
        missing = problems(Honest(exports={export.name: ""}).binary())
        assert (export.name in missing) == export.required
        if export.required:
            assert f"it is missing; the buffer dialect needs {export.name} {export.signature}" in missing[export.name]
        wrong = f'(func (export "{export.name}") (param i64) (result f32) (f32.const 0))'
        told = problems(Honest(exports={export.name: wrong}).binary())
        assert f"its type is (i64) -> f32; the buffer dialect has {export.signature}" in told[export.name]


def test_assemblyscript_without_its_runtime_is_told_the_option():
    told = problems(assemblyscript(exports={"__new": ""}))
    assert "--exportRuntime" in told["__new"]


def test_endpoints_of_the_other_form_are_told_so():
    other = '(func (export "http_endpoints") (result i32) (i32.const 0))'
    assert "R28" in problems(Honest(exports={"http_endpoints": other}).binary())["http_endpoints"]


def test_a_missing_export_leads_to_one_that_is_called_nearly_so():
    binary = Honest(exports={"plugin_stop": '(func (export "plugin_stopp") (result i32) (i32.const 0))'}).binary()
    assert "Rename the export plugin_stopp to plugin_stop." in problems(binary)["plugin_stop"]


def test_an_export_that_is_no_function_is_none(core):
    binary = core(exports={"plugin_stop": '(global (export "plugin_stop") i32 (i32.const 0))'})
    assert "its type is global" in problems(binary)["plugin_stop"]


def test_every_handler_of_a_provider_is_known():
    names = {export.name for export in contract_exports(Dialect.BUFFER)}
    assert set(PROVIDER_HANDLERS) < names
    assert "radar_get_radars" in names


def test_a_binary_is_compiled_once(core):
    assert COMPILER.module(core()) is COMPILER.module(core())


def test_console_log_of_assemblyscript_itself_is_pointed_at_the_sdk():
    binary = Honest(imports='(import "env" "console.log" (func (param i32)))').binary()
    (problem,) = read_core(binary).problems()
    assert problem.hint == (
        "AssemblyScript's own console.log passes a string object: call sk_debug instead, the SDK's debug()."
    )
