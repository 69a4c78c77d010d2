"""Makers of small plugins: a core module or component that does one thing, and keeps what came of it."""

from __future__ import annotations

import re
from contextlib import closing

import pytest
from faulty_server import FaultyServer
from hypothesis import settings
from wat import ENV as KNOWN
from wat import HEAP, compiled, imported, placed, text
from wat import WASI as KNOWN_WASI

from refhost.capabilities import CAPABILITIES, Grants
from refhost.functions import DELTA_TYPE, ENV
from refhost.host import Host
from refhost.package import PluginPackage

# The same examples in every run, however slow the machine.
settings.register_profile("refhost", derandomize=True, deadline=None, database=None)
settings.load_profile("refhost")

EVERYTHING = {name: True for name, row in CAPABILITIES.items() if isinstance(row.default, bool)}


@pytest.fixture
def host():
    with Host() as host:
        yield host


@pytest.fixture
def make_host():
    """Hosts with limits or seeds of their own, closed at the end."""
    made = []

    def make(**options) -> Host:
        made.append(Host(**options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def no_proxy(monkeypatch):
    """Requests to this machine go there, whatever stands before the network of who runs the tests."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def faulty(no_proxy):
    """A server that does what the path says, and none of it right."""
    with closing(FaultyServer()) as server:
        yield server


@pytest.fixture(scope="session")
def everything():
    """Every capability, as a package would ask for it."""
    return EVERYTHING


def _package(binary: bytes, capabilities=None, name: str = "probe") -> PluginPackage:
    return PluginPackage(name, binary, name, Grants.declared(capabilities or {}), {"name": name})


@pytest.fixture(scope="session")
def package():
    """A binary in a package."""
    return _package


# -- core modules


def _out(name: str, code: str) -> str:
    return f'(func (export "{name}") (param $out i32) (param $max i32) (result i32) {code})'


def _says(words: str) -> str:
    pointer, length = _words(words)
    return f"(memory.copy (local.get $out) {pointer} {length}) {length}"


def _core(
    start: str = "(i32.const 0)",
    *,
    stop: str = "(i32.const 0)",
    poll: str = "",
    delta: str = "",
    name: str = "",
    more: str = "",
    exports: dict[str, str] | None = None,
    memory: str = '(memory (export "memory") 4)',
    types: dict[str, str] | None = None,
) -> bytes:
    own = {
        "allocate": f'(func (export "allocate") (param $n i32) (result i32) (i32.const {HEAP}))',
        "plugin_id": _out("plugin_id", _says("probe")),
        "plugin_name": _out("plugin_name", f"{name} {_says('Probe')}"),
        "plugin_schema": _out("plugin_schema", _says("{}")),
        "plugin_start": '(func (export "plugin_start") (param $config i32) (param $length i32) (result i32) '
        f"(local $i i32) {start})",
        "plugin_stop": f'(func (export "plugin_stop") (result i32) {stop})',
    }
    if poll:
        own["poll"] = f'(func (export "poll") (result i32) {poll})'
    if delta:
        own["delta_handler"] = f'(func (export "delta_handler") (param $delta i32) (param $length i32) {delta})'
    body, segments = placed("\n".join([*{**own, **(exports or {})}.values(), more]))
    lines = []
    for called in dict.fromkeys(re.findall(r"\(call \$([\w.]+)", body)):
        if called in (types or {}):
            lines.append(imported("env", called, types[called]))
        elif called in ENV:
            parameters, results = ENV[called].signatures()[0]
            lines.append(imported("env", called, f"{' '.join(parameters)} -> {' '.join(results)}"))
        elif called in KNOWN_WASI:
            lines.append(imported("wasi_snapshot_preview1", called, KNOWN_WASI[called]))
        else:
            assert called not in KNOWN
    return compiled("\n".join(["(module", *lines, memory, *segments, body, ")"]))


@pytest.fixture(scope="session")
def core():
    """The binary of a core module of the buffer dialect; `start`, `stop` and `poll` leave their result.

    What it calls by `$name` is imported from `env`, with the fullest type of the table unless `types` has another.
    """
    return _core


# -- components

_DELTA = """
  (type $source' (record (field "label" string) (field "type" (option string))))
  (export "source-ref" (type $source-ref (eq $source')))
  (type $pair' (record (field "path" string) (field "value" string)))
  (export "path-value" (type $path-value (eq $pair')))
  (type $update' (record
    (field "source" $source-ref) (field "timestamp" string) (field "values" (list $path-value))))
  (export "update" (type $update (eq $update')))
  (type $delta' (record (field "context" string) (field "updates" (list $update))))
  (export "delta" (type $delta (eq $delta')))"""

# Each type of the WIT: as WebAssembly text writes it, and the parameters of the core function that it is lowered to.
WIT_TYPES = {
    "func(message: string)": ('(func (param "message" string))', "i32 i32"),
    "func(path: string) -> option<string>": ('(func (param "path" string) (result (option string)))', "i32 i32 i32"),
    "func() -> string": ("(func (result string))", "i32"),
    "func(config: string) -> result<_, string>": (
        '(func (param "config" string) (result (result (error string))))',
        "i32 i32 i32",
    ),
    f"func(plugin-id: string, delta: {DELTA_TYPE})": (
        '(func (param "plugin-id" string) (param "delta" $delta))',
        "i32 i32 i32 i32 i32 i32",
    ),
    f"func(delta: {DELTA_TYPE})": ('(func (param "delta" $delta))', "i32 i32 i32 i32"),
}
_LIBRARY = """(core module $library (memory (export "memory") 4) (global $heap (mut i32) (i32.const 131072))
  (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $p i32)
    (local.set $p (global.get $heap))
    (global.set $heap (i32.and (i32.add (i32.add (local.get $p) (local.get 3)) (i32.const 15)) (i32.const -8)))
    (local.get $p)))"""
_CANONICAL = "(memory $memory) (realloc $realloc) string-encoding=utf8"
_RESULT = "(result (result (error string)))"


def _api(interface: str) -> str:
    return f"signalk:plugin-api/{interface}@1.0.0"


def _component(
    functions, start: str = "", *, begin: str = "", name: str = "", stop: str = "", heard: str = ""
) -> bytes:
    interfaces: dict[str, list[str]] = {}
    lowered, given, needed = [], [], []
    for function in functions:
        interface, _, label = function.wit.partition(".")
        wit, core_type = WIT_TYPES[function.wit_type]
        interfaces.setdefault(interface, []).append(f'(export "{label}" {wit})')
        lowered.append(f'(core func ${label} (canon lower (func ${interface} "{label}") {_CANONICAL}))')
        given.append(f'(export "{label}" (func ${label}))')
        needed.append(f'(import "host" "{label}" (func ${label} (param {core_type})))')
    if heard:
        interfaces.setdefault("delta-handler", [])
    imports = " ".join(
        f'(import "{_api(interface)}" (instance ${interface} '
        f"{_DELTA if interface == 'delta-handler' else ''} {' '.join(members)}))"
        for interface, members in interfaces.items()
    )
    strings = "".join(
        f'(func (export "{export}") (result i32) {code} {_stores(64, *_words(said))} (i32.const 64))'
        for export, code, said in (("id", "", "probe"), ("name", name, "Probe"), ("schema", "", "{}"))
    )
    parameters = "(param $context i32) (param $size i32) (param $updates i32) (param $count i32)"
    body, segments = placed(
        f"""{strings}
        (func (export "start") (param $config i32) (param $length i32) (result i32)
          (i32.store8 (i32.const 64) (i32.const 0)) {start} (i32.const 64))
        (func (export "stop") (result i32) (i32.store8 (i32.const 64) (i32.const 0)) {stop} (i32.const 64))
        (func (export "on-delta") {parameters} {heard})
        {f"(func $begin {begin}) (start $begin)" if begin else ""}"""
    )
    hears = (
        f"""(alias export $delta-handler "delta" (type $Delta))
        (alias export $delta-handler "source-ref" (type $SourceRef))
        (alias export $delta-handler "path-value" (type $PathValue))
        (alias export $delta-handler "update" (type $Update))
        (func $heard (param "delta" $Delta) (canon lift (core func $main "on-delta") {_CANONICAL}))
        (instance $hearing (export "source-ref" (type $SourceRef)) (export "path-value" (type $PathValue))
          (export "update" (type $Update)) (export "delta" (type $Delta)) (export "on-delta" (func $heard)))
        (export "{_api("delta-handler")}" (instance $hearing))"""
        if heard
        else ""
    )
    lifts = "".join(
        f'(func ${n} {ty} (canon lift (core func $main "{n}") {_CANONICAL}))'
        for n, ty in (
            ("id", "(result string)"),
            ("name", "(result string)"),
            ("schema", "(result string)"),
            ("start", f'(param "config" string) {_RESULT}'),
            ("stop", _RESULT),
        )
    )
    return compiled(
        f"""(component {imports} {_LIBRARY}
        (core instance $library (instantiate $library))
        (alias core export $library "memory" (core memory $memory))
        (alias core export $library "realloc" (core func $realloc))
        {" ".join(lowered)}
        (core module $main (import "host" "memory" (memory 4)) {" ".join(needed)} {" ".join(segments)} {body})
        (core instance $main (instantiate $main (with "host" (instance
          (export "memory" (memory $memory)) {" ".join(given)}))))
        {lifts}
        (instance $api {" ".join(f'(export "{n}" (func ${n}))' for n in ("id", "name", "schema", "start", "stop"))})
        (export "{_api("plugin-interface")}" (instance $api)) {hears})"""
    )


@pytest.fixture(scope="session")
def component():
    """The binary of a component that imports rows of the table; `start` may put its result at 64.

    An option and a result of strings have the same layout as what `start` returns, so what a host function puts at 64
    becomes the status of the plugin: the text of `some` or of the error.
    """
    return _component


def _stores(at: int, *words: str) -> str:
    return " ".join(f"(i32.store (i32.const {at + 4 * i}) {word})" for i, word in enumerate(words))


def _words(value: str | bytes) -> list[str]:
    pointer, length = text(value).removesuffix(")").split(") ")
    return [f"{pointer})", f"{length})"]


def _record(*pairs: tuple[str, str], context: str | bytes = "vessels.self", timestamp: str = "", label: str = "x"):
    values = "".join(_stores(256 + 16 * i, *_words(path), *_words(value)) for i, (path, value) in enumerate(pairs))
    update = _stores(
        128,
        *_words(label),
        *["(i32.const 0)"] * 3,
        *_words(timestamp),
        "(i32.const 256)",
        f"(i32.const {len(pairs)})",
    )
    return f"{values} {update}", f"{text(context)} (i32.const 128) (i32.const 1)"


@pytest.fixture(scope="session")
def record():
    """A WIT delta of one update: the code that builds it, and the arguments that pass it."""
    return _record
