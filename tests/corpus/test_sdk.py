"""The bindings in corpus/sdk have every function of the contract, each with its types."""

from __future__ import annotations

import re
import shutil

import pytest
from wasmtime import Engine, Module

import corpus
from corpus import toolchains
from refhost.functions import ENV, WIT

SDK = corpus.TWINS.parent / "sdk"
# These are for AssemblyScript only: its runtime imports them by itself.
FUNCTIONS = {name: function for name, function in ENV.items() if name.startswith("sk_")}
# What a plugin calls; `on-delta` is an import of the world only because the interface has it (R3).
CALLED = {name.partition(".")[2] for name in WIT} - {"on-delta"}

C_DECLARATION = re.compile(r'SK_IMPORT\("(\w+)"\)')
RUST_DECLARATION = re.compile(r"pub fn (sk_\w+)\(")
C_OF_THE_WIT = re.compile(r'SK_FROM\(SK_\w+, "([\w-]+)"\)\s+void (\w+)\(')
RUST_OF_THE_WIT = re.compile(r'#\[link_name = "([\w-]+)"\]\s+fn (\w+)\(')


def text(*parts):
    return SDK.joinpath(*parts).read_text(encoding="utf-8")


def signatures(module):
    """The types of what a module imports from `env`, by name."""
    imports = {entry.name: entry.type for entry in module.imports if entry.module == "env"}
    return {
        name: (tuple(str(kind) for kind in entry.params), tuple(str(kind) for kind in entry.results))
        for name, entry in imports.items()
    }


@pytest.mark.parametrize(
    ("found", "where"),
    [(C_DECLARATION, ("c", "signalk.h")), (RUST_DECLARATION, ("rust", "src", "env.rs"))],
    ids=["C", "Rust"],
)
def test_the_functions_of_env_are_all_there(found, where):
    assert sorted(found.findall(text(*where))) == sorted(FUNCTIONS)


@pytest.mark.parametrize(
    ("found", "where", "missing"),
    # A plugin in Rust knows where its files are.
    [
        (C_OF_THE_WIT, ("c", "component.h"), set()),
        (RUST_OF_THE_WIT, ("rust", "src", "component.rs"), {"get-data-dir-path"}),
    ],
    ids=["C", "Rust"],
)
def test_the_functions_of_the_wit_are_all_there(found, where, missing):
    assert {name for name, _ in found.findall(text(*where))} == CALLED - missing


def c_that_uses(names, header):
    """A plugin that could call any of these functions."""
    used = ", ".join(f"(void *){name}" for name in names)
    return f"""
        #include "sdk/{header}"
        void *const all[] = {{{used}}};
        SK_EXPORT("all") void *const *use(void) {{ return all; }}
    """


@pytest.mark.toolchain
def test_the_functions_of_env_in_c_have_their_types(tmp_path):
    (tmp_path / "plugin.c").write_text(c_that_uses(FUNCTIONS, "signalk.h"), encoding="utf-8")
    toolchains.C(sdk=True).build(tmp_path)
    found = signatures(Module(Engine(), (tmp_path / "plugin.wasm").read_bytes()))
    assert set(found) == set(FUNCTIONS)
    assert [name for name, signature in found.items() if signature not in FUNCTIONS[name].signatures()] == []


@pytest.mark.toolchain
def test_the_functions_of_env_in_rust_have_their_types(tmp_path):
    used = ", ".join(f"env::{name} as *const ()" for name in FUNCTIONS)
    source = f"""
        use signalk_plugin::env;
        signalk_plugin::core_exports!();
        #[no_mangle]
        pub extern "C" fn all(which: usize) -> *const () {{ [{used}][which] }}
    """
    (tmp_path / "plugin.rs").write_text(source, encoding="utf-8")
    toolchains.Rust().build(tmp_path)
    found = signatures(Module(Engine(), (tmp_path / "plugin.wasm").read_bytes()))
    assert set(found) == set(FUNCTIONS)
    assert [name for name, signature in found.items() if signature not in FUNCTIONS[name].signatures()] == []


@pytest.mark.toolchain
def test_the_functions_of_the_wit_in_c_have_their_types(tmp_path):
    """`wasm-tools` refuses a component whose imports have other types than the WIT says."""
    twin = corpus.plugin("twin-component-c")
    shutil.copytree(twin / "wit", tmp_path / "wit")
    names = [function for _, function in C_OF_THE_WIT.findall(text("c", "component.h"))]
    source = (twin / "plugin.c").read_text(encoding="utf-8") + c_that_uses(names, "component.h")
    (tmp_path / "plugin.c").write_text(source, encoding="utf-8")
    sources = ("plugin.c", "common/twin.c", "sdk/component.c", "sdk/json.c")
    toolchains.CComponent(sources=sources, world="twin", sdk=True).build(tmp_path)
    assert b"get-data-dir-path" in (tmp_path / "plugin.wasm").read_bytes()


@pytest.mark.toolchain
def test_the_functions_of_the_wit_in_rust_have_their_types(tmp_path):
    twin = corpus.plugin("twin-component-rust")
    shutil.copytree(twin / "wit", tmp_path / "wit")
    calls = """
        #[export_name = "cabi_post_signalk:plugin-api/delta-handler@1.0.0#on-delta"]
        pub extern "C" fn all() {
            use signalk_plugin::component::{debug, error, path, read_options, save_options};
            debug("");
            error("");
            drop((path(""), read_options(), save_options("{}")));
        }
    """
    source = (twin / "plugin.rs").read_text(encoding="utf-8") + calls
    (tmp_path / "plugin.rs").write_text(source, encoding="utf-8")
    toolchains.RustComponent(world="twin").build(tmp_path)
    assert b"save-plugin-options" in (tmp_path / "plugin.wasm").read_bytes()
