"""The order in which plugins start (§6, R23)."""

from __future__ import annotations

import pytest
from honest import Honest
from hypothesis import given
from hypothesis import strategies as st

from refhost.capabilities import Grants
from refhost.host import Host
from refhost.package import PluginPackage
from refhost.registry import start_order


def package(name, *requires, recommends=(), **manifest):
    signalk = {"requires": list(requires), "recommends": list(recommends)}
    return PluginPackage(name, b"", name, Grants.declared({}), {"name": name, "signalk": signalk, **manifest})


def packages(**requirements):
    return {name: package(name, *requires) for name, requires in requirements.items()}


def test_a_plugin_starts_after_what_it_requires_and_names_break_ties():
    assert start_order(packages(c=["b"], b=["a"], a=[], d=[])).order == ("a", "b", "c", "d")
    assert start_order(packages(a=["z"], m=[], z=[])).order == ("z", "a", "m")


@pytest.mark.parametrize(
    ("installed", "disabled", "blocked"),
    [
        (packages(a=["b"]), set(), {"a": "a requires b, which is not installed: a → b"}),
        (packages(a=["b"], b=[]), {"b"}, {"a": "a requires b, which is disabled: a → b"}),
        (
            packages(a=["b"], b=["a"], c=[]),
            set(),
            {"a": "a requires itself: a → b → a", "b": "b requires itself: a → b → a"},
        ),
        (
            packages(a=["b"], b=["c"]),
            set(),
            {
                "a": "a requires c, which is not installed: a → b → c",
                "b": "b requires c, which is not installed: a → b → c",
            },
        ),
    ],
)
def test_what_cannot_start_names_the_chain(installed, disabled, blocked):
    order = start_order(installed, frozenset(disabled))
    assert order.blocked == blocked
    assert not set(order.order) & set(blocked)


def test_what_is_recommended_and_missing_is_only_mentioned():
    order = start_order({"a": package("a", recommends=["b"])})
    assert order.order == ("a",)
    assert order.missing_recommended == {"a": ("b",)}


NAMES = st.sampled_from("abcdef")


@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=3)), st.frozensets(NAMES, max_size=2))
def test_everything_starts_after_its_requirements_or_is_blocked(requirements, disabled):
    order = start_order(packages(**requirements), disabled)
    for at, name in enumerate(order.order):
        assert set(requirements[name]) <= set(order.order[:at])
    enabled = set(requirements) - disabled
    assert set(order.order) | set(order.blocked) == enabled
    assert not set(order.order) & set(order.blocked)


def test_a_host_starts_what_is_enabled():
    with Host() as host:
        for name, more in (("on", {"signalk-plugin-enabled-by-default": True}), ("off", {})):
            manifest = {"name": name, "signalk": {"recommends": ["helper"]}, **more}
            honest = Honest(package_name=name, id=name).package()
            host.load(PluginPackage(name, honest.binary, name, honest.grants, manifest))
        host.start_enabled()
        assert {name: str(plugin.state) for name, plugin in host.plugins.items()} == {"on": "running", "off": "stopped"}
        assert any("recommends helper" in record.text for record in host.plugins["on"].log)
        host.plugins["on"].stop()
        host.plugins["off"].preset({"greeting": "hello"})
        assert not host.plugins["off"].is_enabled


def test_what_is_blocked_stays_stopped_with_the_reason():
    with Host() as host:
        honest = Honest().package()
        manifest = {**honest.manifest, "signalk": {"requires": ["absent"]}, "signalk-plugin-enabled-by-default": True}
        plugin = host.load(PluginPackage(honest.id, honest.binary, "x", honest.grants, manifest))
        host.start_enabled()
        assert plugin.state == "stopped"
        assert plugin.error == "wat-plugin requires absent, which is not installed: wat-plugin → absent"
