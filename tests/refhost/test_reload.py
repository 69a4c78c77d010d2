"""Hot reload: nothing that is on the bus meanwhile is lost (contract §9)."""

from __future__ import annotations

import pytest
from honest import Honest
from wat import call

from refhost.host import Host
from refhost.jsontext import loads
from refhost.package import from_bytes

HEARD = call("sk_debug", "(local.get $delta)", "(local.get $length)")


def told(plugin):
    """The values that it was told, in order."""
    texts = [record.text for record in plugin.log if record.kind == "debug"]
    updates = [update for text in texts for update in loads(text)["updates"]]
    return [entry["value"] for update in updates for entry in update.get("values", ())]


@pytest.fixture
def host():
    with Host() as made:
        yield made


@pytest.fixture
def plugin(host):
    loaded = host.load(Honest(deltas=(), delta=HEARD, save="").package())
    loaded.start({"greeting": "hello"})
    return loaded


def numbers(plugin):
    return [value for value in told(plugin) if isinstance(value, int)]


@pytest.mark.parametrize(("count", "first"), [(1000, 0), (1001, 1)])
def test_deltas_that_come_meanwhile_are_replayed_in_order(host, count, first):
    # Without dataWrite and putHandlers: what it emitted when it starts again would be kept for it, too.
    plugin = host.load(Honest(delta=HEARD, capabilities={"dataWrite": False}).package())
    plugin.start({"greeting": "hello"})
    plugin.begin_reload()
    for number in range(count):
        host.publish("plugins.test.n", number)
    assert plugin.state == "stopped"
    assert host.bus.subscriptions.statistics().buffered == min(count, 1000)
    plugin.finish_reload()
    assert plugin.state == "running"
    assert numbers(plugin) == list(range(first, count))
    assert host.bus.subscriptions.statistics().buffering == 0
    dropped = [record.text for record in plugin.log if "dropped" in record.text]
    assert len(dropped) == (count > 1000)


def test_a_reload_keeps_files_and_configuration_and_starts_anew(host, plugin):
    assert plugin.reload() == "running"
    assert plugin.config.configuration == {"greeting": "hello"}
    assert plugin.vfs.exists("/data/note.txt")
    host.publish("a.b", 7)
    assert numbers(plugin)[-1] == 7


def test_registrations_point_at_the_new_instance(host, plugin):
    before = plugin.puts
    assert before
    old = plugin.instance
    plugin.reload()
    assert plugin.puts == before
    assert plugin.instance is not old


def test_a_stopped_plugin_stays_stopped(host, plugin):
    plugin.stop()
    assert plugin.reload() == "stopped"
    host.publish("a.b", 1)
    assert numbers(plugin) == []


def test_another_binary_takes_its_place(host, plugin):
    other = from_bytes(Honest(name="Second version", deltas=(), delta=HEARD).binary())
    assert plugin.reload(other) == "running"
    assert plugin.name == "Second version"


def test_a_binary_that_cannot_be_loaded_leaves_an_error_and_the_rest_alive(host, plugin):
    assert plugin.reload(from_bytes(b"rubbish")) == "error"
    host.publish("a.b", 1)
    assert any("could not be loaded again" in record.text for record in plugin.log)
    assert host.bus.subscriptions.statistics().active == 0
    assert plugin.reload(from_bytes(Honest().binary())) == "stopped"
    assert plugin.start() == "running"


def test_the_configuration_is_changed_while_it_runs(host, plugin):
    assert plugin.update_config({"greeting": "other"}) == "running"
    assert plugin.update_config(enabled=False) == "stopped"
    assert plugin.config.configuration == {"greeting": "other"}
    assert plugin.update_config(enabled=True, enable_debug=True) == "running"
    assert plugin.config.enable_debug


def test_text_of_a_debug_line_is_what_was_delivered(host, plugin):
    host.publish("a.b", 3, source="gps")
    last = loads([record.text for record in plugin.log if record.kind == "debug"][-1])
    assert last["updates"][0]["$source"] == "gps"
