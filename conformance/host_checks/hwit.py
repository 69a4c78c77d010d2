"""HWIT: components, by the plain component of the corpus; what they emit and are delivered is in `hwit_deltas.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.host_checks.component_code import ANSWER, Code
from conformance.host_checks.hlink import accepted, refusal
from conformance.host_checks.hstr import WORDS
from conformance.host_checks.registry import host_check
from conformance.host_trial import HANG_SECONDS
from conformance.trial import require
from refhost.errors import HostError
from refhost.jsontext import dumps, loads

if TYPE_CHECKING:
    from conformance.drivers.interface import HostSession
    from conformance.host_trial import HostTrial, Probe

PLAIN = "plain-component"
_SAYS_CONFIGURATION = "(call $debug (local.get $config) (local.get $length))"
_API = "signalk:plugin-api/{}@1.0.0"


def runs(probe: Probe, config: dict[str, object] | None = None) -> None:
    """Start the component; it has to run."""
    require(probe.session.start(config or {}) == "running", f"it is {probe.session.state}: {probe.session.why()}")


def goes_on(trial: HostTrial, home: HostSession) -> None:
    """Another component runs in the host."""
    other = trial.load(home, PLAIN, package="another")
    require(other.session.start({}) == "running", f"afterwards a component in order is {other.session.state}")


def _answers(trial: HostTrial, calls: str, code: Code, *, config: dict[str, object] | None = None) -> list[str]:
    """What a component says when it starts, with this code."""
    with trial.probe(PLAIN, changes=code.changes(start=calls)) as probe:
        runs(probe, config)
        return probe.said


# ---- what the world asks for ------------------------------------------------------------------------------------


@host_check("HWIT-001")
def metadata(trial: HostTrial) -> None:
    """A bare binary, so that its id is its own."""
    with trial.host() as home:
        probe = accepted(trial, home, PLAIN, package="")
        found = (probe.session.id, probe.session.name)
        require(found == ("plain", "Plain"), f"its id and name are {found}")
        require(loads(probe.session.schema_text or "null") == {}, f"its schema is {probe.session.schema_text!r}")


@host_check("HWIT-002")
def configuration(trial: HostTrial) -> None:
    """With letters of every length."""
    with trial.probe(PLAIN, changes={"(; start ;)": _SAYS_CONFIGURATION}) as probe:
        runs(probe, {"name": WORDS})
        require(len(probe.said) == 1, f"start was called {len(probe.said)} times")
        given = loads(probe.said[0])
        require(given == {"name": WORDS, "enableDebug": False}, f"start got {probe.said[0]}")


@host_check("HWIT-003")
def start_fails(trial: HostTrial) -> None:
    """An error with letters of every length."""
    code, words = Code(), "no chart of Ærø 🚢"
    with trial.probe(PLAIN, changes=code.changes(start=code.fail(words))) as probe:
        probe.session.start({})
        require(probe.session.state == "error", f"after an error of start it is {probe.session.state}")
        require(words in probe.session.why(), f"the error does not tell what start returned: {probe.session.why()!r}")


@host_check("HWIT-004")
def stop_fails(trial: HostTrial) -> None:
    """It is stopped all the same."""
    code = Code()
    with trial.probe(PLAIN, changes=code.changes(stop=code.fail("the sails are up"))) as probe:
        runs(probe)
        probe.session.stop()
        require(probe.session.state == "stopped", f"after an error of stop it is {probe.session.state}")
        told = any("the sails are up" in record.text for record in probe.log)
        require(told, "the log does not tell what stop returned")


@host_check("HWIT-005")
def start_traps(trial: HostTrial) -> None:
    """And the host goes on."""
    with trial.probe(PLAIN, changes={"(; start ;)": "unreachable"}) as probe:
        probe.session.start({})
        require(probe.session.state == "error", f"after a trap in start it is {probe.session.state}")
        goes_on(trial, probe.home)


@host_check("HWIT-006")
def starts_again(trial: HostTrial) -> None:
    """Stop is called, and start again."""
    code = Code()
    changes = code.changes(start=code.say("start"), stop=code.say("stop"))
    with trial.probe(PLAIN, changes=changes) as probe:
        for _ in range(2):
            runs(probe)
            require(probe.session.stop() == "stopped", f"after stop it is {probe.session.state}")
        require(probe.said == ["start", "stop"] * 2, f"started and stopped twice, it said {probe.said}")


@host_check("HWIT-007")
def name_in_full(trial: HostTrial) -> None:
    """Letters of every length."""
    code = Code()
    changes = code.changes(name=f"(return (call $give {code.text(WORDS)}))")
    with trial.probe(PLAIN, changes=changes) as probe:
        require(probe.session.name == WORDS, f"its name is {probe.session.name!r}")


# ---- what it imports --------------------------------------------------------------------------------------------


@host_check("HWIT-008")
def status(trial: HostTrial) -> None:
    """Both, the latest counts."""
    code = Code()
    calls = " ".join(
        f"(call $set_{what} {code.text(text)})"
        for what, text in (("status", "first"), ("status", WORDS), ("error", "none"), ("error", f"!{WORDS}"))
    )
    with trial.probe(PLAIN, changes=code.changes(start=calls)) as probe:
        runs(probe)
        require(probe.session.status == WORDS, f"the status is {probe.session.status!r}")
        require(probe.session.error == f"!{WORDS}", f"the error is {probe.session.error!r}")


@host_check("HWIT-009")
def logs(trial: HostTrial) -> None:
    """Letters of every length."""
    code = Code()
    calls = f"{code.say(WORDS)} (call $error {code.text('aground ' + WORDS)})"
    with trial.probe(PLAIN, changes=code.changes(start=calls)) as probe:
        runs(probe)
        texts = [record.text for record in probe.log]
        require(WORDS in texts, "what it said by debug is not in the log")
        require(any("aground " + WORDS in text for text in texts), "what it said by error is not in the log")


@host_check("HWIT-010")
def reads_options(trial: HostTrial) -> None:
    """Nothing, and then something."""
    code = Code()
    calls = f"(call $read (i32.const {ANSWER})) (call $say (i32.const {ANSWER}))"
    with trial.probe(PLAIN, changes=code.changes(start=calls)) as probe:
        runs(probe)
        require([loads(said) for said in probe.said] == [{}], f"with nothing saved it read {probe.said}")
    save = f"(call $save {code.text(dumps({'name': WORDS}))} (i32.const {ANSWER})) {code.say_answer()}"
    with trial.probe(PLAIN, changes=code.changes(start=f"{save} {calls}")) as probe:
        runs(probe)
        require(probe.said[:1] == ["nothing"], f"saving an object answered the error {probe.said[:1]}")
        require(loads(probe.said[1]) == {"name": WORDS}, f"what it saved it read as {probe.said[1]}")


@host_check("HWIT-011")
def refuses_options(trial: HostTrial) -> None:
    """What was saved stays."""
    for bad in ("{", "", "[1]", "null"):
        code = Code()
        save = f"(call $save {code.text(dumps({'depth': 3}))} (i32.const {ANSWER}))"
        calls = f"{save} (call $save {code.text(bad)} (i32.const {ANSWER})) {code.say_answer()}"
        calls += f" (call $read (i32.const {ANSWER})) (call $say (i32.const {ANSWER}))"
        said = _answers(trial, calls, code)
        require(said[0] != "nothing", f"saving {bad!r} answered no error")
        require(loads(said[1]) == {"depth": 3}, f"after {bad!r} was refused, what is saved reads {said[1]}")


@host_check("HWIT-012")
def folder(trial: HostTrial) -> None:
    """Wherever the host keeps it."""
    said = _answers(trial, f"(call $folder (i32.const {ANSWER})) (call $say (i32.const {ANSWER}))", Code())
    require(said == ["/"], f"get-data-dir-path answered {said}")


def _reads(trial: HostTrial, name: str, below: str) -> None:
    code = Code()
    ask = "".join(
        f"(call ${name} {code.text(path)} (i32.const {ANSWER})) {code.say_answer()}"
        for path in (f"{below}navigation.depth", f"{below}nowhere.at.all")
    )
    with trial.probe(PLAIN, changes=code.changes(start=ask)) as probe:
        probe.home.inject('{"updates":[{"$source":"suite","values":[{"path":"navigation.depth","value":3.5}]}]}')
        runs(probe)
        require(probe.said[0] != "nothing", "a path that has a value answered none")
        require(loads(probe.said[0])["value"] == 3.5, f"a path that has the value 3.5 answered {probe.said[0]}")
        require(probe.said[1] == "nothing", f"a path where nothing is answered {probe.said[1]}")


@host_check("HWIT-013")
def self_path(trial: HostTrial) -> None:
    """Something and nothing."""
    _reads(trial, "self_path", "")


@host_check("HWIT-014")
def full_path(trial: HostTrial) -> None:
    """From the root."""
    _reads(trial, "path", "vessels.self.")


# ---- strings and bounds -----------------------------------------------------------------------------------------


def _no_effect(trial: HostTrial, arguments: str, what: str) -> None:
    """A text that is none is no status; the host goes on, whether the component does or not."""
    code = Code()
    calls = f"(call $set_status {code.text('before')}) (call $set_status {arguments or code.text(bytes([0xFF]))})"
    with trial.probe(PLAIN, changes=code.changes(start=calls)) as probe:
        probe.session.start({})
        require(probe.session.status == "before", f"{what} made the status {probe.session.status!r}")
        goes_on(trial, probe.home)


@host_check("HWIT-015")
def no_utf8(trial: HostTrial) -> None:
    """One byte."""
    _no_effect(trial, "", "a text that is not UTF-8")


@host_check("HWIT-016")
def out_of_range(trial: HostTrial) -> None:
    """Beyond, across the end, and at -1."""
    for address, length in ((1 << 30, 5), (131070, 5), (-1, 5), (4096, -1)):
        _no_effect(trial, f"(i32.const {address}) (i32.const {length})", "a text out of range")


@host_check("HWIT-017")
def bad_name(trial: HostTrial) -> None:
    """Out of range, and no UTF-8."""
    code = Code()
    for given in ("(i32.const -1) (i32.const 5)", "(i32.const 16) (i32.const -1)", code.text(bytes([0xFF]))):
        with trial.host() as home:
            changes = code.changes(name=f"(return (call $give {given}))")
            said = refusal(home, trial.package(PLAIN, changes=changes), "a component whose name is no text")
            require("name" in said, f"the error does not name the function name: {said}")
            goes_on(trial, home)


# ---- linking ----------------------------------------------------------------------------------------------------


def _refused(trial: HostTrial, changes: dict[str, str], what: str, *words: str) -> None:
    with trial.host() as home:
        said = refusal(home, trial.package(PLAIN, changes=changes), what)
        for word in words:
            require(word in said, f"the error about {what} does not say {word!r}: {said}")
        goes_on(trial, home)


@host_check("HWIT-018")
def unknown_function(trial: HostTrial) -> None:
    """Of an interface that there is."""
    debug = '(export "debug" (func (param "message" string)))'
    more = debug + '\n(export "shout" (func (param "message" string)))'
    _refused(trial, {debug: more}, "a component that imports plugin-status.shout", "shout")


@host_check("HWIT-019")
def unknown_interface(trial: HostTrial) -> None:
    """Of the same package."""
    changes = {";; more imports": f'(import "{_API.format("teleport")}" (instance (export "go" (func))))'}
    _refused(trial, changes, "a component that imports the interface teleport", "teleport")


@host_check("HWIT-020")
def mistyped(trial: HostTrial) -> None:
    """Its parameter is a number."""
    changes = {
        '(export "set-plugin-error" (func (param "message" string)))': (
            '(export "set-plugin-error" (func (param "message" u32)))'
        ),
        '(core func $set_error (canon lower (func $status "set-plugin-error") (memory $memory) (realloc $realloc)))': (
            '(core func $number (canon lower (func $status "set-plugin-error")))'
        ),
        '(export "set_error" (func $set_error))': '(export "set_error" (func $set_status))',
    }
    _refused(trial, changes, "a component that imports set-plugin-error of a number", "set-plugin-error")


@host_check("HWIT-021")
def another_version(trial: HostTrial) -> None:
    """A minor one, and a major one."""
    for version in ("1.1.0", "2.0.0"):
        changes = {"plugin-api/full-model@1.0.0": f"plugin-api/full-model@{version}"}
        _refused(trial, changes, f"a component of version {version}", version)


@host_check("HWIT-022")
def patch_version(trial: HostTrial) -> None:
    """Of what it imports."""
    with trial.host() as home:
        changes = {"plugin-api/full-model@1.0.0": "plugin-api/full-model@1.0.7"}
        runs(accepted(trial, home, PLAIN, changes=changes))


@host_check("HWIT-023")
def incomplete(trial: HostTrial) -> None:
    """Without stop."""
    changes = {'(export "start" (func $start)) (export "stop" (func $stop))': '(export "start" (func $start))'}
    _refused(trial, changes, "a component without the function stop", "stop")


@host_check("HWIT-024")
def no_plugin(trial: HostTrial) -> None:
    """It exports something else."""
    changes = {'(export "signalk:plugin-api/plugin-interface@1.0.0"': '(export "boat:hull/plugin-interface@1.0.0"'}
    _refused(trial, changes, "a component that does not export plugin-interface", "plugin-interface")


# ---- what it may not do -----------------------------------------------------------------------------------------


@host_check("HWIT-025")
def endless_start(trial: HostTrial) -> None:
    """And the host goes on."""
    with trial.probe(PLAIN, call_seconds=HANG_SECONDS, changes={"(; start ;)": "(loop $l (br $l))"}) as probe:
        probe.session.start({})
        require(probe.session.state == "error", f"after an endless start it is {probe.session.state}")
        goes_on(trial, probe.home)


@host_check("HWIT-026")
def reading_without_leave(trial: HostTrial) -> None:
    """Whatever happens to the component, it reads nothing."""
    for name, path in (("self_path", "navigation.depth"), ("path", "vessels.self.navigation.depth")):
        code = Code()
        calls = f"(call ${name} {code.text(path)} (i32.const {ANSWER})) {code.say_answer()}"
        changes = code.changes(start=calls)
        with trial.probe(PLAIN, changes=changes, capabilities={"dataRead": False}) as probe:
            probe.home.inject('{"updates":[{"$source":"suite","values":[{"path":"navigation.depth","value":3.5}]}]}')
            probe.session.start({})
            require(not any("3.5" in said for said in probe.said), f"without dataRead it read {probe.said}")
            _denied(probe, "dataRead")
            goes_on(trial, probe.home)


def _denied(probe: Probe, capability: str) -> None:
    words = " ".join([probe.session.why(), *(record.text for record in probe.log)])
    require(capability in words, f"neither error nor log names the capability {capability}")


@host_check("HWIT-027")
def emitting_without_leave(trial: HostTrial) -> None:
    """Whatever happens to the component, nothing of it is carried."""
    code = Code()
    changes = code.changes(start=code.emit(("navigation.depth", "3.5")))
    with trial.probe(PLAIN, changes=changes, capabilities={"dataWrite": False}) as probe:
        probe.session.start({})
        require(not probe.emitted, f"without dataWrite it emitted {[delta.text for delta in probe.emitted]}")
        _denied(probe, "dataWrite")
        goes_on(trial, probe.home)


@host_check("HWIT-028")
def acting_while_described(trial: HostTrial) -> None:
    """In `name`; whether the component is refused for it or not."""
    code = Code()
    acts = f"{code.emit(('navigation.depth', '3.5'))} (call $set_status {code.text('too early')})"
    acts += f" (call $save {code.text('{}')} (i32.const {ANSWER}))"
    with trial.host() as home:
        try:
            probe = trial.load(home, PLAIN, changes=code.changes(name=acts))
        except HostError:
            pass
        else:
            require(probe.session.status != "too early", "while its name was read its status was set")
        found = [delta.text for delta in home.deltas if "navigation.depth" in delta.text]
        require(not found, f"while its name was read it emitted {found}")
        goes_on(trial, home)
