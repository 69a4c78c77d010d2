"""The protocol's table, the schemas made from it, and the interface that it carries."""

import inspect
import json
from pathlib import Path

import jsonschema
import pytest

from conformance.drivers import interface, schemas
from conformance.drivers.features import FEATURES
from conformance.drivers.protocol import CODES, EVENTS, METHODS
from conformance.drivers.reference import RefhostDriver, RefhostHost, RefhostSession
from conformance.drivers.remote import RemoteHost
from conformance.drivers.remote_session import RemoteSession
from conformance.drivers.serving import Served

CLASSES = {
    "KeepsFiles": interface.KeepsFiles,
    "Driver": interface.Driver,
    "HostSession": interface.HostSession,
    "Session": interface.Session,
}
# What follows from other members: it needs no message of its own.
DERIVED = {
    "Driver.name",
    "Driver.version",
    "Driver.seed",
    "Driver.profile",
    "Driver.session",
    "HostSession.features",
    "Session.id",
    "Session.name",
    "Session.schema_text",
    "Session.fault",
    "Session.why",
    "Session.status_code",
    "Session.publish",
    "Session.advance",
    "Session.reload",
    "Session.http",
    "Session.emitted",
}


def public(kind):
    return {name for name, member in inspect.getmembers(kind) if not name.startswith("_") and member is not None}


def test_every_member_of_the_interface_is_carried():
    there = {f"{name}.{member}" for name, kind in CLASSES.items() for member in public(kind)}
    carried = {entry.carries for entry in [*METHODS.values(), *EVENTS.values()]} - {""}
    assert carried | DERIVED == there
    assert not carried & DERIVED


@pytest.mark.parametrize("kind", [RefhostSession, RemoteSession])
def test_sessions_have_every_member(kind):
    assert public(interface.Session) - public(kind) <= {"id", "name", "schema_text"}  # which one has as attributes


@pytest.mark.parametrize("kind", [RefhostHost, RemoteHost])
def test_hosts_have_every_member(kind):
    assert public(interface.HostSession) <= public(kind)


def test_every_method_is_served():
    missing = [name for name in METHODS if not hasattr(Served, f"_{name}")]
    assert missing == []


# What these take is passed on as it is.
PASSED_ON = {"load", "resource", "weather", "radar"}


@pytest.mark.parametrize("name", sorted(set(METHODS) - PASSED_ON))
def test_what_is_served_takes_what_the_table_has(name):
    taken = inspect.signature(getattr(Served, f"_{name}")).parameters
    assert set(taken) - {"self"} == set(METHODS[name].params)


def test_features_are_those_of_the_table():
    used = {entry.feature for entry in [*METHODS.values(), *EVENTS.values()]} - {""}
    assert used <= set(FEATURES)
    # The others say what a host does with requests that every host takes.
    assert set(FEATURES) - used == {
        "dialect-buffer",
        "dialect-assemblyscript",
        "dialect-command",
        "dialect-component",
        "capabilities",
    }
    assert RefhostDriver.features == set(FEATURES)


@pytest.mark.parametrize("kind", schemas.tables())
def test_the_files_are_made_from_the_table(kind):
    path = Path(schemas.__file__).parent / f"{kind}.schema.json"
    assert path.read_text("utf-8") == schemas.text(kind), "run: python -m conformance.drivers.schemas"


@pytest.mark.parametrize("kind", schemas.tables())
def test_the_files_are_schemas(kind):
    document = schemas.document(kind)
    jsonschema.Draft202012Validator.check_schema(document)
    assert all(shape["additionalProperties"] is False for shape in document["$defs"].values())


def members(shape):
    yield from shape.get("properties", {}).items()
    for inner in [*shape.get("properties", {}).values(), shape.get("items"), shape.get("additionalProperties")]:
        if isinstance(inner, dict):
            yield from members(inner)


@pytest.mark.parametrize("kind", schemas.tables())
def test_names_say_how_things_cross(kind):
    """Bytes are base64, and nothing that a plugin gave as JSON crosses as JSON."""
    for name, shape in members({"properties": schemas.document(kind)["$defs"]}):
        assert ("contentEncoding" in str(shape) and "properties" not in shape) == name.endswith("_b64"), name
        if name.endswith("_text"):
            assert "string" in shape["type"], name


GOOD = {
    "requests": {"id": 1, "method": "stop", "params": {"plugin": "x"}},
    "replies": {"id": 1, "result": {"plugin": "x", "state": "stopped"}},
    "events": {"event": "status", "plugin": "x", "text": "well"},
}
BAD = {
    "requests": [{}, {"id": 1, "method": "stop", "params": {}}, {"id": 0, "method": "stop", "params": {"plugin": "x"}}],
    "replies": [
        {"id": 1},
        {"id": 1, "result": {"plugin": "x"}},
        {"id": "1", "result": {"plugin": "x", "state": "stopped"}},
    ],
    "events": [{"event": "status"}, {"event": "status", "plugin": "x", "text": "well", "seq": 3}],
}


@pytest.mark.parametrize("kind", GOOD)
def test_messages_are_checked(kind):
    name = "status" if kind == "events" else "stop"
    assert schemas.problem(kind, name, GOOD[kind]) == ""
    assert all(schemas.problem(kind, name, bad) for bad in BAD[kind])
    jsonschema.validate(GOOD[kind], json.loads(schemas.text(kind)))


@pytest.mark.parametrize("code", CODES)
def test_a_failure_has_one_of_the_codes(code):
    assert schemas.problem("replies", schemas.FAILED, {"id": 1, "error": {"code": code, "message": "no"}}) == ""
    assert schemas.problem("replies", schemas.FAILED, {"id": 1, "error": {"code": f"{code}s", "message": "no"}})
