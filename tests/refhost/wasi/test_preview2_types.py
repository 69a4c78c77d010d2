"""The types of what a component imports of WASI, compared before anything is linked (contract §5)."""

from __future__ import annotations

import inspect
import shutil
from dataclasses import replace

import pytest
import wasmtime
from wasi_component import component_text
from wasi_imports import imports
from wasmtime import component as wc
from wat import compiled

import corpus
from corpus import toolchains
from refhost.component_types import Signature, Type
from refhost.errors import LinkError
from refhost.wasi.preview2 import host as wasi_host
from refhost.wasi.preview2.registry import marked
from refhost.wasi.preview2.wit import interfaces
from refhost.world import read_component

PLUGIN = '(instance $none) (export "signalk:plugin-api/plugin-interface@1.0.0" (instance $none))'
EVERYTHING = {name: list(one.functions) for name, one in interfaces().items() if one.functions}
FUNCTIONS = [(interface, name) for interface, names in EVERYTHING.items() for name in names]
VERSIONS = ["0.2.0", "0.2.1", "0.2.6", "0.2.12", "0.2.99"]


def told(text: str) -> dict[str, tuple[str, str]]:
    """What is said of each import: message and hint."""
    found = read_component(compiled(f"(component {text} {PLUGIN})")).problems()
    return {p.name: (p.message, p.hint) for p in found if p.kind == "import"}


def declared(functions, **options) -> str:
    return imports(functions, **options).declared


def wanted(interface: str, name: str) -> Signature:
    return interfaces()[interface].functions[name]


# -- what fits


@pytest.mark.parametrize("version", VERSIONS)
def test_all_of_wasi_fits_whatever_the_patch_version(version):
    assert told(declared(EVERYTHING, version=version)) == {}


def test_a_component_that_was_written_without_our_wit_fits():
    text = component_text("(i32.const 0)").strip().removeprefix("(component").removesuffix(")")
    assert told(text) == {}


def test_a_component_of_c_that_knows_a_part_of_wasi_fits():
    assert read_component((corpus.plugin("hello-component") / "plugin.wasm").read_bytes()).problems() == []


def test_what_fits_is_shown_with_wasis_names_for_its_types():
    (plugin,) = read_component(
        compiled(f"(component {declared({FILES: ['filesystem-error-code']})} {PLUGIN})")
    ).imports[1:]
    assert plugin.functions == {"filesystem-error-code": "func(err: borrow<error>) -> option<error-code>"}


# -- what does not

U32, TEXT, BYTES = Type("u32"), Type("string"), Type("list", (Type("u8"),))
FILES = "wasi:filesystem/types"
ERRORS = interfaces()[FILES].types["error-code"]
DATETIME = interfaces()["wasi:clocks/wall-clock"].types["datetime"]
SCHEME = interfaces()["wasi:http/types"].types["scheme"]


def members(ty: Type, *names: str, **payloads: Type) -> Type:
    """A type with these of its members, in this order; others can be added."""
    old = {name.replace("-", "_"): member for name, member in ty.members}
    return replace(ty, members=tuple((name, payloads.get(name, old.get(name.replace("-", "_")))) for name in names))


def option(ty: Type) -> Type:
    return Type("option", (ty,))


CODES = [name for name, _ in ERRORS.members]
ERROR = (("err", Type("borrow", resource="error")),)
SET_SCHEME = "[method]outgoing-request.set-scheme"
SELF = ("self", Type("borrow", resource="outgoing-request"))
RESULT = Type("result", (None, None))
MISTYPED = {
    "a parameter": (
        ("wasi:random/random", "get-random-bytes", Signature((("len", U32),), BYTES)),
        "func(len: u32) -> list<u8>",
        "func(len: u64) -> list<u8>",
    ),
    "the name of a parameter": (
        ("wasi:random/random", "get-random-bytes", Signature((("length", Type("u64")),), BYTES)),
        "func(length: u64) -> list<u8>",
        "func(len: u64) -> list<u8>",
    ),
    "a parameter too few": (
        ("wasi:random/random", "get-random-bytes", Signature((), BYTES)),
        "func() -> list<u8>",
        "func(len: u64) -> list<u8>",
    ),
    "a result": (
        ("wasi:cli/environment", "initial-cwd", Signature((), TEXT)),
        "func() -> string",
        "func() -> option<string>",
    ),
    "no result": (
        ("wasi:cli/environment", "initial-cwd", Signature((), None)),
        "func()",
        "func() -> option<string>",
    ),
    "a result too much": (
        ("wasi:cli/exit", "exit-with-code", Signature((("status-code", Type("u8")),), TEXT)),
        "func(status-code: u8) -> string",
        "func(status-code: u8)",
    ),
    "a field that was renamed": (
        ("wasi:clocks/wall-clock", "now", Signature((), members(DATETIME, "secs", "nanoseconds", secs=Type("u64")))),
        "func() -> record { secs: u64, … }",
        "func() -> record datetime { seconds: u64, … }",
    ),
    "a field of another type": (
        ("wasi:clocks/wall-clock", "now", Signature((), members(DATETIME, "seconds", "nanoseconds", seconds=U32))),
        "func() -> record { seconds: u32, … }",
        "func() -> record datetime { seconds: u64, … }",
    ),
    "fields in another order": (
        ("wasi:clocks/wall-clock", "now", Signature((), members(DATETIME, "nanoseconds", "seconds"))),
        "func() -> record { nanoseconds: u32, seconds: u64 }",
        "func() -> record datetime { seconds: u64, nanoseconds: u32 }",
    ),
    "a missing case of an enum": (
        (FILES, "filesystem-error-code", Signature(ERROR, option(members(ERRORS, *CODES[:-1])))),
        "func(err: borrow<error>) -> option<enum { … }>",
        "func(err: borrow<error>) -> option<enum error-code { …, cross-device }>",
    ),
    "a missing case of a variant": (
        (
            "wasi:http/types",
            SET_SCHEME,
            Signature((SELF, ("scheme", option(members(SCHEME, "HTTP", "other")))), RESULT),
        ),
        "func(self: borrow<outgoing-request>, scheme: option<variant { … }>) -> result<_, _>",
        "func(self: borrow<outgoing-request>, scheme: option<variant scheme { …, HTTPS, … }>) -> result<_, _>",
    ),
    "a case with another payload": (
        (
            "wasi:http/types",
            SET_SCHEME,
            Signature((SELF, ("scheme", option(members(SCHEME, "HTTP", "HTTPS", "other", other=BYTES)))), RESULT),
        ),
        "func(self: borrow<outgoing-request>, scheme: option<variant { …, other(list<u8>) }>) -> result<_, _>",
        "func(self: borrow<outgoing-request>, scheme: option<variant scheme { …, other(string) }>) -> result<_, _>",
    ),
    "a handle that is given away": (
        (FILES, "filesystem-error-code", Signature((("err", Type("own", resource="error")),), option(ERRORS))),
        "func(err: error) -> option<error-code>",
        "func(err: borrow<error>) -> option<error-code>",
    ),
    "a handle of another resource": (
        (
            "wasi:io/streams",
            "[method]input-stream.skip",
            replace(
                wanted("wasi:io/streams", "[method]input-stream.skip"),
                parameters=(("self", Type("borrow", resource="input-stream")), ("len", Type("own", resource="error"))),
            ),
        ),
        "func(self: borrow<input-stream>, len: error) -> result<u64, stream-error>",
        "func(self: borrow<input-stream>, len: u64) -> result<u64, stream-error>",
    ),
}


@pytest.mark.parametrize("version", ["0.2.0", "0.2.12"])
@pytest.mark.parametrize("case", MISTYPED)
def test_another_type_is_told_with_both_types(case, version):
    (interface, name, signature), found, expected = MISTYPED[case]
    text = declared({interface: [name]}, version=version, changes={name: signature})
    assert told(text) == {
        f"{interface}@{version}.{name}": (
            f"it is declared as {found}; WASI 0.2's is {expected}",
            "Build against the WIT of WASI 0.2.",
        )
    }


@pytest.mark.parametrize(("interface", "name"), FUNCTIONS)
def test_every_function_is_compared(interface, name):
    """Each is seen with one parameter too many, and with another result or with one too much."""
    right = wanted(interface, name)
    other = option(right.result) if right.result else Type("u8")
    wrongs = [Signature((*right.parameters, ("more", Type("u8"))), right.result)]
    if not name.startswith("[constructor]"):  # those can return nothing else
        wrongs.append(replace(right, result=other))
    for wrong in wrongs:
        problems = told(declared({interface: [name]}, changes={name: wrong}))
        assert list(problems) == [f"{interface}@0.2.6.{name}"]


def test_all_that_does_not_fit_is_told_at_once_and_nothing_is_linked(host, package):
    text = declared(
        {"wasi:random/random": ["get-random-bytes", "get-random-u64"], "wasi:cli/exit": ["exit-with-code"]},
        changes={
            "get-random-bytes": Signature((), None),
            "exit-with-code": Signature((), None),
        },
    )
    with pytest.raises(LinkError) as caught:
        host.load(package(compiled(f"(component {text} {PLUGIN})")))
    for name in ("wasi:random/random@0.2.6.get-random-bytes", "wasi:cli/exit@0.2.6.exit-with-code"):
        assert f"import {name}: it is declared as func(); WASI 0.2's is" in str(caught.value)
    assert "get-random-u64" not in str(caught.value)


UNKNOWN = {
    '"wasi:io/pol@0.2.0" (instance)': (
        "wasi:io/pol@0.2.0",
        "the host has no such interface of WASI",
        "Did you mean wasi:io/poll?",
    ),
    '"wasi:nn/graph@0.2.0-rc-2024-10-28" (instance)': (
        "wasi:nn/graph@0.2.0-rc-2024-10-28",
        "the host has no such interface of WASI",
        "Contract §5",
    ),
    '"wasi:cli/environment@0.3.0" (instance)': (
        "wasi:cli/environment@0.3.0",
        "it is version 0.3.0 of the interface; this host has 0.2",
        "Build for WASI 0.2",
    ),
    '"wasi:cli/environment@0.2.0-rc-2023-12-05" (instance)': (
        "wasi:cli/environment@0.2.0-rc-2023-12-05",
        "it is version 0.2.0-rc-2023-12-05 of the interface; this host has 0.2",
        "Build for WASI 0.2",
    ),
    '"wasi:cli/environment" (instance)': (
        "wasi:cli/environment",
        "it is version (none) of the interface; this host has 0.2",
        "Build for WASI 0.2",
    ),
    '"wasi:io/poll@0.2.9" (instance (export "pol" (func)))': (
        "wasi:io/poll@0.2.9.pol",
        "WASI 0.2 has no such function",
        "Did you mean poll?",
    ),
    '"wasi:cli/stdin@0.2.9" (instance (export "zz" (func)))': (
        "wasi:cli/stdin@0.2.9.zz",
        "WASI 0.2 has no such function",
        "The interface has get-stdin.",
    ),
    '"wasi:io/poll@0.2.9" (instance (export "polable" (type (sub resource))))': (
        "wasi:io/poll@0.2.9.polable",
        "WASI 0.2 has no such resource",
        "Did you mean pollable?",
    ),
    '"wasi:random/random@0.2.9" (instance (export "dice" (type (sub resource))))': (
        "wasi:random/random@0.2.9.dice",
        "WASI 0.2 has no such resource",
        "The interface has nothing.",
    ),
}


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_wasi_does_not_have_is_told_with_the_nearest_name(text):
    name, message, hint = UNKNOWN[text]
    problems = told(f"(import {text})")
    assert list(problems) == [name]
    assert problems[name][0] == message
    assert problems[name][1].startswith(hint)


def test_resources_have_wasis_names_wherever_they_are_imported():
    """`io-error` and `headers` are other names for resources; a resource that is declared anew is no other one."""
    text = """
      (import "wasi:http/types@0.2.0" (instance
        (export "io-error" (type $e (sub resource)))
        (export "headers" (type $h (sub resource)))
        (export "outgoing-request" (type $r (sub resource)))
        (export "[constructor]outgoing-request" (func (param "headers" (own $h)) (result (own $r))))
        (export "[method]outgoing-request.headers" (func (param "self" (borrow $r)) (result (own $e))))))"""
    (problem,) = told(text).values()
    assert problem[0] == (
        "it is declared as func(self: borrow<outgoing-request>) -> error; "
        "WASI 0.2's is func(self: borrow<outgoing-request>) -> fields"
    )


# -- what the host carries out, and what WASI is


def implemented() -> dict[tuple[str, str], object]:
    groups = [getattr(wasi_host, name) for name in dir(wasi_host) if name.endswith("Functions")]
    return {key: getattr(group, method) for group in groups for key, method in marked(group).items()}


def test_what_is_carried_out_is_what_wasi_has_but_for_sockets_and_servers():
    missing = set(FUNCTIONS) - set(implemented())
    assert set(implemented()) <= set(FUNCTIONS)
    servers = {name for interface, name in missing if interface == "wasi:http/types"}
    assert {interface.partition("/")[0] for interface, _ in missing} == {"wasi:sockets", "wasi:http"}
    assert {name.partition("]")[2].partition(".")[0] for name in servers} == {
        "incoming-request",
        "outgoing-response",
        "response-outparam",
    }


@pytest.mark.parametrize(("interface", "name"), [key for key in FUNCTIONS if key in implemented()])
def test_what_is_carried_out_takes_what_wasi_gives(interface, name):
    parameters = inspect.signature(implemented()[interface, name]).parameters
    assert len(parameters) - 1 == len(wanted(interface, name).parameters)


def test_wasmtimes_own_wasi_has_the_same_types():
    """Its linker does compare; it lacks what is not stable."""
    functions = {name: list(names) for name, names in EVERYTHING.items() if name != "wasi:clocks/timezone"}
    functions["wasi:http/types"].remove("[method]response-outparam.send-informational")
    functions["wasi:sockets/network"].remove("network-error-code")
    for version in VERSIONS[:-1]:
        _link(declared({name: names for name, names in functions.items() if names}, version=version))
    (interface, name, signature), _, _ = MISTYPED["a parameter"]
    with pytest.raises(wasmtime.WasmtimeError, match="get-random-bytes"):
        _link(declared({interface: [name]}, changes={name: signature}))


@pytest.mark.toolchain
def test_wasm_tools_reads_our_wit_as_we_do(tmp_path):
    """It makes a component that imports all of it, and the components of other tests are made without it."""
    for file in (*(toolchains.WIT / "wasi").iterdir(), toolchains.WIT / "signalk-plugin-api.wit"):
        (tmp_path / "deps" / file.stem).mkdir(parents=True)
        shutil.copy(file, tmp_path / "deps" / file.stem)
    wit = "".join(f"import {name}@0.2.12; " for name in interfaces())
    wit += "export signalk:plugin-api/plugin-interface@1.0.0;"
    (tmp_path / "world.wit").write_text(f"package test:all; world all {{ {wit} }}")
    component = [toolchains.wasm_tools(), "component"]
    toolchains.run([*component, "embed", "--dummy", ".", "--world", "all", "-o", "core.wasm"], tmp_path)
    toolchains.run([*component, "new", "core.wasm", "-o", "component.wasm"], tmp_path)
    found = read_component((tmp_path / "component.wasm").read_bytes())
    assert found.problems() == []
    functions = {(one.name.partition("@")[0], name) for one in found.imports for name in one.signatures}
    assert functions == set(FUNCTIONS)


def _link(text: str) -> None:
    engine = wasmtime.Engine()
    store, linker = wasmtime.Store(engine), wc.Linker(engine)
    store.set_wasi(wasmtime.WasiConfig())
    component = wc.Component(engine, f"(component {text})")
    try:
        linker.add_wasip2()
        linker.add_wasi_http()
        linker.instantiate(store, component)
    finally:
        linker.close()
        store.close()
        component.close()
