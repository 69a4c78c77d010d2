"""HAS: the AssemblyScript dialect, by the same probe with strings as objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.host_checks.hlink import accepted
from conformance.host_checks.hput import PATH, SELF, register
from conformance.host_checks.hstr import WORDS
from conformance.host_checks.registry import host_check
from conformance.host_trial import answer, emit, kept, line, text
from conformance.trial import require
from refhost.errors import HostError
from refhost.jsontext import dumps, loads

if TYPE_CHECKING:
    from conformance.host_trial import HostTrial

_PROBE = "probe-assemblyscript"
_PLAIN = "plain-assemblyscript"


@host_check("HAS-001")
def metadata(trial: HostTrial) -> None:
    """A bare binary, so that its id is its own."""
    with trial.probe(_PROBE, package="") as probe:
        found = (probe.session.id, probe.session.name)
        require(found == ("probe", "Probe"), f"its id and name are {found}")
        require(loads(probe.session.schema_text)["type"] == "object", f"its schema is {probe.session.schema_text!r}")


@host_check("HAS-002")
def configuration(trial: HostTrial) -> None:
    """With so many letters of more than a byte that its end is far behind their number."""
    with trial.probe(_PROBE) as probe:
        told = probe.run(line("say", WORDS), line("say", "⚓" * 50), line("say", "end"))
        wanted = [[WORDS], ["⚓" * 50], ["end"]]
        require(told == wanted, f"the configuration had {WORDS!r} and more, and the plugin read {told}")


@host_check("HAS-003")
def deltas(trial: HostTrial) -> None:
    """With surrogate pairs."""
    with trial.probe(_PROBE) as probe:
        probe.start(hear=True)
        probe.home.inject(dumps({"updates": [{"$source": "suite", "values": [{"path": "a.b", "value": WORDS}]}]}))
        found = [delta["updates"][0]["values"][0]["value"] for delta in probe.heard]
        require(found == [WORDS], f"{WORDS!r} was sent, and {found} arrived")


@host_check("HAS-004")
def put(trial: HostTrial) -> None:
    """With surrogate pairs both ways."""
    with trial.probe(_PROBE, capabilities={"putHandlers": True}) as probe:
        given = {"state": "COMPLETED", "statusCode": 200, "message": WORDS}
        probe.run(register(), answer(dumps(given)))
        reply = probe.session.put(SELF, PATH, {"name": WORDS})
        said = [entry for entry in probe.said if entry.startswith("put ")]
        require(said and loads(said[0].partition("\t")[2]) == {"name": WORDS}, f"the handler got {said}")
        require((reply.status_code, reply.message) == (200, WORDS), f"the handler's answer came as {reply}")


@host_check("HAS-005")
def http(trial: HostTrial) -> None:
    """With letters of more than a byte both ways."""
    with trial.probe(_PROBE, capabilities={"httpEndpoints": True}) as probe:
        probe.run()
        headers = {"Content-Type": "application/json"}
        reply = probe.session.http("POST", "/items/1", body=dumps({"name": WORDS}), headers=headers)
        require(reply.status == 200, f"POST /items/1 answered {reply.status}: {reply.body[:200]}")
        require(loads(reply.body)["body"] == {"name": WORDS}, f"what was sent came back as {reply.body[:300]}")


@host_check("HAS-006")
def resources(trial: HostTrial) -> None:
    """With surrogate pairs both ways."""
    with trial.probe(_PROBE, capabilities={"resourceProvider": True}) as probe:
        probe.run(line("sk_register_resource_provider", text("routes")), answer(dumps({"one": {"name": WORDS}})))
        reply = probe.home.provide("resource", "routes", "list", dumps({"name": WORDS}))
        require(loads(reply.value_text or "null") == {"one": {"name": WORDS}}, f"the provider's answer came as {reply}")
        asked = [loads(said.partition("\t")[2]) for said in probe.said if said.startswith("resources_")]
        require([request["name"] for request in asked] == [WORDS], f"the provider was asked {asked}")


@host_check("HAS-007")
def aborts(trial: HostTrial) -> None:
    """From start."""
    with trial.probe(_PROBE) as probe:
        probe.start(line("abort", "Ærø is not there"), line("say", "after"))
        require(["after"] not in probe.told, "abort returned")
        require(probe.session.state == "error", f"after abort in start it is {probe.session.state}")
        words = " ".join([probe.session.why(), *(record.text for record in probe.log)])
        for wanted in ("Ærø is not there", "probe.c", "12", "34"):
            require(wanted in words, f"neither error nor log has {wanted!r} of the abort: {probe.session.why()!r}")


@host_check("HAS-008")
def host_functions(trial: HostTrial) -> None:
    """Both directions."""
    with trial.probe(_PROBE) as probe:
        probe.run(line("sk_set_status", text(WORDS)), line("sk_save_config", text(dumps({"name": WORDS}))))
        require(probe.session.status == WORDS, f"the status is {probe.session.status!r}")
        told = probe.do(line("sk_read_config", "b:4096"))
        require(told and loads(told[0][2]) == {"name": WORDS}, f"reading the configuration told {told}")


def _unreadable(trial: HostTrial, changes: dict[str, str], what: str) -> None:
    """The plugin is refused, or does not run; another one does."""
    with trial.host() as home:
        try:
            session = home.load(trial.package(_PLAIN, package="plain", changes=changes))
            state = session.start({})
        except HostError as error:
            require("plugin_name" in str(error), f"the error about {what} does not name plugin_name: {error}")
        else:
            require(state == "error", f"with {what} as its name the plugin is {state}")
        other = trial.load(home, _PROBE, package="another")
        require(other.start() == "running", "afterwards a plugin in order does not run")


_NAME = "(i32.const 36) (; name ;)"
_SIZE = '"\\0a\\00\\00\\00P\\00l\\00a\\00i\\00n\\00"'


@host_check("HAS-009")
def too_long(trial: HostTrial) -> None:
    """Four gigabytes, and one page."""
    for size in ("\\fe\\ff\\ff\\ff", "\\00\\00\\02\\00"):
        longer = _SIZE.replace("\\0a\\00\\00\\00", size)
        _unreadable(trial, {_SIZE: longer}, "a string that goes past the end of memory")
    _unreadable(trial, {_NAME: "(i32.const -8)"}, "an address past the end of memory")


@host_check("HAS-010")
def null(trial: HostTrial) -> None:
    """Zero."""
    _unreadable(trial, {_NAME: "(i32.const 0)"}, "null")


@host_check("HAS-011")
def broken(trial: HostTrial) -> None:
    """Each."""
    _unreadable(trial, {_SIZE: _SIZE.replace("P\\00", "\\00\\d8")}, "half of a surrogate pair")
    _unreadable(trial, {_SIZE: _SIZE.replace("n\\00", "\\00\\dc")}, "half of a surrogate pair")
    _unreadable(trial, {_SIZE: _SIZE.replace("\\0a", "\\09")}, "an odd number of bytes")


@host_check("HAS-012")
def without_id(trial: HostTrial) -> None:
    """The package decides."""
    changes = {'(func (export "plugin_id")': "(func $plugin_id"}
    with trial.host() as home:
        probe = accepted(trial, home, _PLAIN, package="@boat/plain", changes=changes)
        require(probe.session.id == "_boat_plain", f"its id is {probe.session.id!r}")
        require(probe.session.start({}) == "running", f"it is {probe.session.state}: {probe.session.why()}")


@host_check("HAS-013")
def objects(trial: HostTrial) -> None:
    """The plain plugin answers 1 to start when a string of another class, or another size, has come."""
    with trial.probe(_PLAIN) as probe:
        probe.session.start({})
        probe.home.inject('{"updates":[{"$source":"suite","values":[{"path":"a.b","value":1}]}]}')
        require(probe.session.state == "running", f"the delta was no string: it is {probe.session.state}")
        require("delta" in [record.text for record in probe.log], "its delta handler was not called")


@host_check("HAS-014")
def lives(trial: HostTrial) -> None:
    """A short life."""
    with trial.probe(_PROBE) as probe:
        probe.run(kept("poll", line("say", "poll")), kept("stop", emit("probe.stopped", 1)))
        probe.home.advance(2.5)
        require(probe.said.count("poll") >= 1, "poll was not called")
        probe.session.stop()
        require(probe.values("probe.stopped") == [1], "stop was not called")
        probe.run()
        probe.do("trap")
        require(probe.session.state == "crashed", f"after a trap it is {probe.session.state}")
        probe.home.advance(1.5)
        require(probe.session.state == "running", f"1.5 s after a crash it is {probe.session.state}")
