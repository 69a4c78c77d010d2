"""Reading the model, for a plugin (contract §12, R24, R31)."""

from __future__ import annotations

import pytest

from refhost.jsontext import loads
from refhost.model import Model
from refhost.services.gate import Refused
from refhost.services.reading import ReadingService

SELF = "vessels.urn:mrn:x"
NOW = "2026-01-01T00:00:00.000Z"


def service(path: str = "a.b", value: object = 1) -> ReadingService:
    model = Model(SELF)
    update = {"$source": "s", "timestamp": NOW, "values": [{"path": path, "value": value}]}
    model.apply({"context": SELF, "updates": [update]})
    return ReadingService(model)


def test_a_path_gives_the_node_of_the_model():
    node = {"value": 1, "$source": "s", "timestamp": NOW}
    assert loads(service().get_self_path("a.b")) == node
    assert loads(service().get_path("vessels.self.a.b")) == node
    assert loads(service().get_path(f"{SELF}.a.b")) == node
    assert loads(service().get_self_path("a")) == {"b": node}
    assert loads(service().get_self_path("")) == {"a": {"b": node}}
    assert loads(service().get_path("")) == {"vessels": {"urn:mrn:x": {"a": {"b": node}}}}


@pytest.mark.parametrize(
    ("value", "text"), [(1, "1"), ("ä", '"ä"'), (False, "false"), (0, "0"), ({}, "{}"), ("", '""')]
)
def test_the_bare_value_is_below_the_node(value, text):
    assert service(value=value).get_self_path("a.b.value") == text


@pytest.mark.parametrize("path", ["x", "a.x", "a.b.c", "vessels.self.a.b", "a.b.value.x", "."])
def test_nothing_there_is_none(path):
    assert service().get_self_path(path) is None
    assert service().get_path(path) is None or path.startswith("vessels.")


def test_a_cleared_value_is_there_as_null_in_its_node():
    assert loads(service(value=None).get_self_path("a.b"))["value"] is None


def test_a_path_of_very_many_parts_can_be_read_or_is_refused():
    """Python's own writer of JSON recurses: what a plugin emitted must not end the host."""
    deep = ".".join(["a"] * 50_000)
    reading = service(deep)
    assert reading.get_self_path(deep + ".value") == "1"
    for path in ("", "a", "a.a"):
        with pytest.raises(Refused, match="deep"):
            reading.get_self_path(path)
