"""What signalk-server 2.32 lets a plugin do without the capability, and the reverse: D12 to D21."""

from __future__ import annotations

import pytest
from departing import creates, departure, endpoints, failed, granted, noted, said, says_if, value
from speaker import Speaker
from wat import emit, text

from refhost.delta import pairs
from refhost.jsontext import dumps
from refhost.network.simulated import SimulatedNetwork


@departure("D12")
def test_deltas_are_emitted_without_data_write(host, load, on, everything):
    plugin = load(emit(value("a.b")), capabilities=granted(everything, dataWrite=False))
    plugin.start()
    assert len(plugin.emitted) == on
    assert len(plugin.denials) == (not on)
    assert noted(host) == ({"D12"} if on else set())


GOOD = '{"state":"normal","method":[],"message":"x"}'


@departure("D13")
@pytest.mark.parametrize(
    ("path", "notification", "there"),
    [
        ("notifications.a", GOOD, None),
        ("navigation.a", GOOD, True),
        ("notifications.a", '{"state":"alarm"}', True),
        ("notifications.a", '{"state":"nominal","method":[],"message":"x"}', False),
        ("notifications.a", "null", False),
        ("notifications.a", '{"state":"loud"}', None),
        ("notifications.a", "[]", None),
    ],
)
def test_notifications_are_hardly_checked(host, load, on, path, notification, there):
    plugin = load(failed("sk_publish_notification", text(path), text(notification)))
    plugin.start()
    by_the_book = (path.startswith("notifications.") and notification in (GOOD, "null")) or "nominal" in notification
    accepted = by_the_book if there is None or not on else there
    assert len(plugin.emitted) == accepted
    assert said(plugin) == ([] if accepted else ["failed"])
    assert noted(host) == ({"D13"} if on and there is not None else set())


@departure("D13")
def test_notifications_are_published_without_data_write(host, load, on, everything):
    code = failed("sk_publish_notification", text("notifications.a"), text(GOOD))
    plugin = load(code, capabilities=granted(everything, dataWrite=False))
    plugin.start()
    assert len(plugin.emitted) == on
    assert noted(host) == ({"D13"} if on else set())


@departure("D14")
def test_data_is_read_without_data_read(host, load, on, everything):
    length = f"(call $sk_get_self_path {text('a.b')} (i32.const 1024) (i32.const 1024))"
    plugin = load(delta=says_if(length, "heard and found"), capabilities=granted(everything, dataRead=False))
    plugin.start()
    host.publish("a.b", 1)
    assert said(plugin) == (["heard and found"] if on else [])
    assert plugin.denials == []
    assert noted(host) == ({"D14"} if on else set())


@departure("D15")
def test_endpoints_are_served_without_the_capability(host, load, on, everything):
    plugin = load(exports=endpoints(), capabilities=granted(everything, httpEndpoints=False))
    plugin.start()
    assert host.http.get("/plugins/probe/x").status_code == (200 if on else 404)
    assert noted(host) == ({"D15"} if on else set())


@departure("D16")
def test_there_are_files_in_spite_of_storage_none(host, load, on, everything):
    plugin = load(creates("data/x"), capabilities=granted(everything, storage="none"))
    plugin.start()
    assert said(plugin) == (["created data/x"] if on else [])
    assert noted(host) == ({"D16"} if on else set())


@departure("D17")
def test_has_capability_knows_two_names(host, load, on):
    names = ("network", "rawSockets", "dataWrite", "putHandlers", "nothing")
    plugin = load("".join(says_if(f"(call $sk_has_capability {text(name)})", name) for name in names))
    plugin.start()
    assert said(plugin) == list(names[:2] if on else names[:4])
    assert noted(host) == ({"D17"} if on else set())


@departure("D18")
@pytest.mark.parametrize(
    ("stream", "by_the_book", "there"),
    [
        ("plugins/probe/s", False, True),
        ("plugins/probe/../other/s", False, True),
        ("radars/r", False, True),
        ("radars/../r", False, False),
        ("plugins/other/s", False, False),
    ],
)
def test_streams_are_open_to_every_plugin(host, load, on, everything, stream, by_the_book, there):
    capabilities = granted(everything, dataWrite=False, radarProvider=False)
    emitted = f"(call $sk_emit_binary_stream {text(stream)} {text('data')})"
    load(says_if(emitted, "emitted"), capabilities=capabilities).start()
    assert list(host.streams) == ([stream] if (there if on else by_the_book) else [])
    assert noted(host) == ({"D18"} if on and there else set())


@departure("D19")
def test_a_plugin_may_speak_as_another(host, load, on):
    updates = [
        {"$source": "gps.1", "values": [{"path": "a", "value": 1}]},
        {"$source": "gps.1", "values": [{"path": "a", "value": []}]},
        {"values": [{"path": "a", "value": 2}]},
    ]
    plugin = load(emit(dumps({"updates": updates})))
    plugin.start()
    (delta,) = plugin.emitted
    assert [update["$source"] for update in delta["updates"]] == (["gps.1", "probe"] if on else ["probe", "probe"])
    assert [entry for _, entry in pairs(delta)] == [1, 2]
    assert noted(host) == ({"D19"} if on else set())


@departure("D20")
def test_a_udp_socket_can_be_used_by_every_plugin(make, on):
    network = SimulatedNetwork()
    host = make(network=network)
    one, other = Speaker(host, "one"), Speaker(host, "other")
    socket, tcp = one.sk_udp_create(0), one.sk_tcp_create()
    assert one.sk_udp_bind(socket, 2000) == 0
    network.udp("10.0.9.9").send(b"datagram", 2000)
    got = other.udp_recv(socket)
    assert (got[0] if on else got) == (b"datagram" if on else -1)
    assert other.sk_tcp_pending(tcp) == -1
    other.sk_udp_close(socket)
    assert [s.number for s in one.plugin.open_sockets] == ([tcp] if on else [socket, tcp])
    assert noted(host) == ({"D20"} if on else set())


@departure("D21")
@pytest.mark.parametrize("name", ["@sc/x", "plain"])
def test_sockets_outlive_their_plugins_stop(make, load, on, name):
    network = SimulatedNetwork()
    host = make(network=network)
    code = (
        "(drop (call $sk_tcp_create)) (drop (call $sk_udp_bind (call $sk_udp_create (i32.const 0)) (i32.const 2000)))"
    )
    plugin = load(code, name=name, into=host)
    plugin.start()
    plugin.stop()
    left = (["tcp", "udp"] if name == "@sc/x" else ["tcp"]) if on else []
    assert [one.kind for one in plugin.open_sockets] == left
    assert noted(host) == ({"D21"} if on else set())
    host.unload(plugin)
    host.close()
    assert plugin.open_sockets == []
