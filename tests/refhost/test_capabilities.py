"""What a package declares, and what that grants (contract §7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refhost.capabilities import CAPABILITIES, Grants, nearest
from refhost.errors import ConfigurationError
from refhost.functions import TABLE

DEFAULTS = {
    "dataRead": True,
    "dataWrite": True,
    "storage": True,
    "network": False,
    "rawSockets": False,
    "putHandlers": False,
    "httpEndpoints": False,
    "staticFiles": True,
    "resourceProvider": False,
    "weatherProvider": False,
    "radarProvider": False,
    "serialPorts": False,
}


def test_the_defaults_are_those_of_the_contract():
    assert {name: Grants.declared({}).has(name) for name in CAPABILITIES} == DEFAULTS


def test_every_capability_of_a_function_is_one_of_the_contract():
    assert {row.capability for row in TABLE if row.capability} <= set(CAPABILITIES)


@pytest.mark.parametrize("name", CAPABILITIES)
def test_each_is_granted_and_taken_away_alone(name):
    granted = Grants.declared({name: "vfs-only" if name == "storage" else True})
    assert granted.has(name)
    assert not granted.warnings
    taken = granted.without(name)
    assert not taken.has(name)
    others = [other for other in CAPABILITIES if other != name]
    assert [taken.has(other) for other in others] == [granted.has(other) for other in others]
    assert granted.has(name)


def test_storage_none_is_none():
    assert not Grants.declared({"storage": "none"}).has("storage")


@pytest.mark.parametrize(
    ("declared", "warning"),
    [
        ({"dataread": True}, '"dataread" is not a capability (did you mean dataRead?).'),
        ({"xyzzy": True}, '"xyzzy" is not a capability.'),
        ({"network": "yes"}, "network is true or false, not 'yes'."),
        ({"network": 1}, "network is true or false, not 1."),
        ({"network": None}, "network is true or false, not None."),
        ({"storage": True}, 'storage is "vfs-only" or "none", not True.'),
        ({"storage": ["none"]}, 'storage is "vfs-only" or "none", not [\'none\'].'),
    ],
)
def test_what_is_not_in_the_contract_is_warned_about_and_never_granted(declared, warning):
    grants = Grants.declared(declared)
    assert grants.warnings == (warning,)
    assert {name: grants.has(name) for name in CAPABILITIES} == DEFAULTS
    assert not any(grants.has(name) for name in declared if name not in CAPABILITIES)
    with pytest.raises(ConfigurationError, match="Known capabilities: dataRead"):
        Grants.exactly(declared)


JSON = st.recursive(st.one_of(st.none(), st.booleans(), st.integers(), st.text()), lambda i: st.lists(i, max_size=2))


@given(st.dictionaries(st.one_of(st.text(), st.sampled_from(sorted(CAPABILITIES))), JSON))
def test_nothing_but_true_grants_what_is_not_granted_by_default(declared):
    grants = Grants.declared(declared)
    for name, default in DEFAULTS.items():
        if grants.has(name) and not default:
            assert declared[name] is True
    wrong = [
        name
        for name, value in declared.items()
        if name not in CAPABILITIES
        or (value not in ("vfs-only", "none") if name == "storage" else not isinstance(value, bool))
    ]
    assert len(grants.warnings) == len(wrong)


def test_the_nearest_name_is_near():
    assert nearest("sk_debg", ["sk_debug", "sk_tcp_send"]) == "sk_debug"
    assert nearest("qqqq", ["sk_debug"]) == ""


def test_capitals_are_no_great_difference():
    assert nearest("ALL", ["all", "documented"]) == "all"
    assert nearest("delta-001", ["DELTA-001", "DELTA-002"]) == "DELTA-001"
    assert nearest("dataWrit", ["DATAWRIT", "dataWrite"]) == "dataWrite"
