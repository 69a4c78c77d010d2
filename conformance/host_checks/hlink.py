"""HLINK: what a host makes of a binary before anything of it runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.host_checks.registry import host_check
from conformance.host_trial import Probe, binary, values_of
from conformance.trial import require
from conformance.verdict import Violation
from refhost.errors import HostError
from refhost.functions import ENV

if TYPE_CHECKING:
    from conformance.drivers.interface import HostSession
    from conformance.host_trial import HostTrial
    from refhost.package import PluginPackage

IMPORTS, EXPORTS, DATA = ";; more imports", ";; more exports", ";; more data"
START = "(i32.const 0) (; start ;)"
STOP = "(i32.const 0) (; stop ;)"
_DELTA = '{"updates":[{"values":[{"path":"plain.value","value":1}]}]}'
_DELTA_DATA = f'(data (i32.const 1024) "{_DELTA.replace(chr(34), chr(92) + chr(34))}")'


def refusal(home: HostSession, package: PluginPackage, what: str) -> str:
    """The words with which a host refuses to load a plugin.

    Raises:
        Violation: it does not.
    """
    try:
        home.load(package)
    except HostError as error:
        return str(error)
    raise Violation(f"{what} is loaded")


def accepted(trial: HostTrial, home: HostSession, name: str, **package: Any) -> Probe:  # noqa: ANN401 - see `package`
    """Load a probe, where it is the requirement that it loads; the arguments are those of `HostTrial.package`.

    Raises:
        Violation: it is refused.
    """
    try:
        return trial.load(home, name, **package)
    except HostError as error:
        raise Violation(f"a plugin that is in order is refused: {error}") from None


def _refused(trial: HostTrial, changes: dict[str, str], what: str, *words: str) -> None:
    """A changed plain plugin is refused with these words, and the host goes on."""
    with trial.host() as home:
        said = refusal(home, trial.package("plain", changes=changes), what)
        for word in words:
            require(word in said, f"the error about {what} does not say {word!r}: {said}")
        _goes_on(trial, home)


def _goes_on(trial: HostTrial, home: HostSession) -> None:
    probe = trial.load(home, package="another")
    require(probe.start("say\there") == "running", f"afterwards a plugin in order is {probe.session.state}")
    require(["here"] in probe.told, "afterwards a plugin in order does nothing")


def _import(name: str, signature: str) -> dict[str, str]:
    return {IMPORTS: f'(import "env" "{name}" (func {signature}))'}


@host_check("HLINK-001")
def unknown_function(trial: HostTrial) -> None:
    """It is named."""
    changes = _import("sk_teleport", "(param i32 i32)")
    _refused(trial, changes, "a plugin that imports env.sk_teleport", "sk_teleport")


@host_check("HLINK-002")
def nearest_function(trial: HostTrial) -> None:
    """A slip is mended in the message."""
    for slip, meant in (
        ("sk_log_debug", "sk_debug"),
        ("sk_emit_delta", "sk_handle_message"),
        ("sk_debugg", "sk_debug"),
    ):
        said = f"a plugin that imports env.{slip}"
        _refused(trial, _import(slip, "(param i32 i32)"), said, slip, meant)


@host_check("HLINK-003")
def wrong_signature(trial: HostTrial) -> None:
    """It is named."""
    for signature in ("(param i32)", "(param i32 i32) (result i32)", "(param i32 i64)"):
        changes = _import("sk_set_status", signature)
        _refused(trial, changes, f"a plugin that imports sk_set_status as {signature}", "sk_set_status")


@host_check("HLINK-004")
def expected_signature(trial: HostTrial) -> None:
    """It is told."""
    with trial.host() as home:
        package = trial.package("plain", changes=_import("sk_udp_create", "(param f64)"))
        said = refusal(home, package, "a plugin that imports sk_udp_create as (param f64)")
        require(said.count("i32") >= 2, f"the error does not tell the signature (i32) -> i32: {said}")


@host_check("HLINK-005")
def unknown_module(trial: HostTrial) -> None:
    """It is named."""
    changes = {IMPORTS: '(import "wasm_browser" "alert" (func (param i32)))'}
    _refused(trial, changes, "a plugin that imports from wasm_browser", "wasm_browser")


def _without(trial: HostTrial, export: str) -> None:
    changes = {f'(func (export "{export}")': f"(func ${export}"}
    _refused(trial, changes, f"a plugin without {export}", export)


@host_check("HLINK-006")
def no_name(trial: HostTrial) -> None:
    """`plugin_name` is missing."""
    _without(trial, "plugin_name")


@host_check("HLINK-007")
def no_schema(trial: HostTrial) -> None:
    """`plugin_schema` is missing."""
    _without(trial, "plugin_schema")


@host_check("HLINK-008")
def no_start(trial: HostTrial) -> None:
    """`plugin_start` is missing."""
    _without(trial, "plugin_start")


@host_check("HLINK-009")
def no_stop(trial: HostTrial) -> None:
    """`plugin_stop` is missing."""
    _without(trial, "plugin_stop")


@host_check("HLINK-010")
def no_memory(trial: HostTrial) -> None:
    """The memory is not exported."""
    changes = {'(memory (export "memory") 2)': "(memory 2)"}
    _refused(trial, changes, "a plugin that does not export its memory", "memory")


@host_check("HLINK-011")
def export_of_another_type(trial: HostTrial) -> None:
    """`plugin_start` takes nothing."""
    changes = {'(func (export "plugin_start") (param $at i32) (param $length i32)': '(func (export "plugin_start")'}
    _refused(trial, changes, "a plugin whose plugin_start takes nothing", "plugin_start")


@host_check("HLINK-012")
def no_binary(trial: HostTrial) -> None:
    """Files that are something else."""
    files = {
        "an empty file": b"",
        "a file of four bytes": b"\0asm",
        "a text": b"<!doctype html><title>404</title>",
        "a binary of version 9": b"\0asm\x09\0\0\0" + bytes(8),
    }
    with trial.host() as home:
        for what, data in files.items():
            refusal(home, replace(trial.package(), binary=data), what)
        _goes_on(trial, home)


@host_check("HLINK-013")
def cut_short(trial: HostTrial) -> None:
    """A download that ended early."""
    whole = binary("probe")
    with trial.host() as home:
        for part in (9, len(whole) // 2, len(whole) - 1):
            cut = replace(trial.package(), binary=whole[:part])
            refusal(home, cut, f"the first {part} bytes of a binary of {len(whole)}")
        _goes_on(trial, home)


@host_check("HLINK-014")
def no_dialect(trial: HostTrial) -> None:
    """Neither this nor that."""
    changes = {
        '(func (export "plugin_id")': '(func (export "whoami")',
        '(func (export "plugin_name")': '(func (export "myname")',
    }
    _refused(trial, changes, "a module that fits no dialect", "whoami", "myname", "plugin_stop")


def _emitting(parameters: str, arguments: str) -> dict[str, str]:
    return {
        IMPORTS: f'(import "env" "sk_handle_message" (func $emit (param {parameters})))',
        DATA: _DELTA_DATA,
        START: f"(call $emit (i32.const 1024) (i32.const {len(_DELTA)}) {arguments}) (i32.const 0)",
    }


def _emits(trial: HostTrial, parameters: str, arguments: str, version: int) -> None:
    with trial.probe("plain", changes=_emitting(parameters, arguments)) as probe:
        probe.session.start({})
        require(probe.session.state == "running", f"it is {probe.session.state}: {probe.session.why()}")
        found = [delta for delta in probe.emitted if values_of(delta.text, "plain.value") == [1]]
        require(len(found) == 1, f"{len(found)} deltas came of one call")
        require(found[0].version == version, f"the delta is v{found[0].version}, not v{version}")


@host_check("HLINK-015")
def two_parameters(trial: HostTrial) -> None:
    """The older form."""
    _emits(trial, "i32 i32", "", 1)


@host_check("HLINK-016")
def three_parameters(trial: HostTrial) -> None:
    """The newer form."""
    _emits(trial, "i32 i32 i32", "(i32.const 2)", 2)
    _emits(trial, "i32 i32 i32", "(i32.const 1)", 1)


@host_check("HLINK-017")
def initialize(trial: HostTrial) -> None:
    """A counter, which the status of start tells."""
    changes = {
        EXPORTS: """(global $times (mut i32) (i32.const 0))
          (global $early (mut i32) (i32.const 0))
          (func (export "_initialize") (global.set $times (i32.add (global.get $times) (i32.const 1))))""",
        "(call $give (i32.const 32)": "(if (i32.eqz (global.get $times)) (then (global.set $early (i32.const 100))))"
        " (call $give (i32.const 32)",
        START: "(i32.add (global.get $times) (global.get $early))",
    }
    with trial.probe("plain", changes=changes) as probe:
        probe.session.start({})
        seen = probe.session.status_code
        require(seen != 0, "_initialize was not called")
        require(seen != 101, "_initialize was called after plugin_name")
        require(seen == 1, f"_initialize was called {seen} times")


@host_check("HLINK-018")
def optional_exports(trial: HostTrial) -> None:
    """The least that a plugin is."""
    with trial.host() as home:
        probe = accepted(trial, home, "plain")
        require(probe.session.start({}) == "running", f"it is {probe.session.state}: {probe.session.why()}")
        probe.home.inject('{"updates":[{"$source":"x","values":[{"path":"a.b","value":1}]}]}')
        probe.home.advance(3)
        require(probe.session.state == "running", f"after 3 s it is {probe.session.state}: {probe.session.why()}")


@host_check("HLINK-019")
def without_deallocate(trial: HostTrial) -> None:
    """The host frees nothing."""
    with trial.host() as home:
        probe = accepted(trial, home, "plain", changes={'(func (export "deallocate")': "(func $deallocate"})
        require(probe.session.start({}) == "running", f"it is {probe.session.state}: {probe.session.why()}")
        require(probe.session.name == "Plain", f"its name is {probe.session.name!r}")


@host_check("HLINK-020")
def start_section_traps(trial: HostTrial) -> None:
    """`(start $f)`, where f traps."""
    _refused(trial, {EXPORTS: "(func $dies unreachable) (start $dies)"}, "a plugin whose start function traps")


@host_check("HLINK-021")
def by_bytes(trial: HostTrial) -> None:
    """A binary that is called otherwise."""
    with trial.host() as home:
        probe = accepted(trial, home, "probe", manifest={"wasmManifest": "build/program.bin"})
        require(probe.start("say\there") == "running", f"it is {probe.session.state}: {probe.session.why()}")


@host_check("HLINK-022")
def others_go_on(trial: HostTrial) -> None:
    """A neighbour of the one that is refused."""
    with trial.host() as home:
        neighbour = trial.load(home)
        neighbour.run("say\there")
        changes = _import("sk_teleport", "")
        refusal(home, trial.package("plain", package="bad", changes=changes), "a plugin that imports env.sk_teleport")
        require(neighbour.session.state == "running", f"its neighbour is {neighbour.session.state}")
        require(neighbour.do("say\tstill") == [["still"]], "its neighbour does nothing any more")


@host_check("HLINK-023")
def every_function(trial: HostTrial) -> None:
    """One module that imports all of them."""
    rows = []
    for name, function in ENV.items():
        if name != "sk_debug":
            parameters, results = function.signatures()[0]
            result = f"(result {' '.join(results)})" if results else ""
            rows.append(f'(import "env" "{name}" (func (param {" ".join(parameters)}) {result}))')
    with trial.host() as home:
        try:
            session = home.load(trial.package("plain", changes={IMPORTS: "\n".join(rows)}))
        except HostError as error:
            raise Violation(f"a plugin that imports every function of §4 is refused: {error}") from None
        require(session.start({}) == "running", f"it is {session.state}: {session.why()}")


@host_check("HLINK-026")
def mistyped_endpoints(trial: HostTrial) -> None:
    """As the older guide has it: without a buffer."""
    changes = {EXPORTS: '(func (export "http_endpoints") (result i32) (i32.const 128))'}
    with trial.host() as home:
        try:
            package = trial.package("plain", changes=changes, capabilities={"httpEndpoints": True})
            probe = Probe(home, home.load(package))
        except HostError as error:
            require("http_endpoints" in str(error), f"the error does not name http_endpoints: {error}")
        else:
            told = any("http_endpoints" in f"{r.function} {r.text}" for r in probe.log)
            require(told, "an http_endpoints of another type is ignored without a word")
        _goes_on(trial, home)


@host_check("HLINK-024")
def fetch_without_network(trial: HostTrial) -> None:
    """Declared in no package."""
    changes = {IMPORTS: '(import "as-fetch" "_initAsyncify" (func (param i32 i32)))'}
    _refused(trial, changes, "a plugin that imports as-fetch without the capability", "as-fetch", "network")


@host_check("HLINK-025")
def unknown_wasi(trial: HostTrial) -> None:
    """A function that preview 1 has not."""
    changes = {IMPORTS: '(import "wasi_snapshot_preview1" "fd_teleport" (func (param i32) (result i32)))'}
    _refused(trial, changes, "a plugin that imports fd_teleport", "fd_teleport")
