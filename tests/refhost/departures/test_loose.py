"""What a host suite found since the list was made: the server is JavaScript, and checks little of what it is given."""

from __future__ import annotations

import assemblyscript
import pytest
from departing import departure, failed, noted, said
from honest import write_out
from speaker import Speaker
from wat import call, string, text

from refhost.capabilities import Grants
from refhost.departures.boundary import formatted
from refhost.errors import ConfigurationError, PluginError
from refhost.network.simulated import SimulatedNetwork
from refhost.package import PluginPackage
from refhost.plugin import State


@departure("TEXT")
def test_bytes_that_are_no_text_are_taken(host, load, on):
    plugin = load(call("sk_set_status", text(b"a\xffb")))
    plugin.start()
    assert plugin.status == ("a\N{REPLACEMENT CHARACTER}b" if on else "")
    assert noted(host) == ({"TEXT"} if on else set())


@departure("TEXT")
@pytest.mark.parametrize(("name", "taken"), [(b"a\x00\x00\xd8", "a\N{REPLACEMENT CHARACTER}"), (None, "probe")])
def test_what_is_no_string_of_assemblyscript_is_taken(host, load, on, name, taken):
    exports = {"plugin_name": '(func (export "plugin_name") (result i32) (i32.const 0))'} if name is None else {}
    binary = assemblyscript.binary(name=name or "", exports=exports)
    if on:
        assert load(binary=binary).name == taken
    else:
        with pytest.raises(PluginError, match="plugin_name returned"):
            load(binary=binary)
    assert noted(host) == ({"TEXT"} if on else set())


@departure("FORMAT")
def test_what_is_logged_is_a_format(host, load, on):
    given = "%O, %o and %s: 100%% of %d"
    plugin = load(call("sk_debug", text(given)) + call("sk_debug", text("100 %")))
    plugin.start()
    assert said(plugin) == ["undefined, undefined and %s: 100% of %d" if on else given, "100 %"]
    assert noted(host) == ({"FORMAT"} if on else set())


def test_what_two_signs_leave_is_no_directive():
    assert formatted("%%O %%%O") == "%O %undefined"


@departure("ARGS")
def test_asking_for_no_arguments_is_an_error(host, load, on):
    plugin = load(failed("args_sizes_get", "(i32.const 64)", "(i32.const 68)"))
    plugin.start()
    assert said(plugin) == (["failed"] if on else [])
    assert noted(host) == ({"ARGS"} if on else set())


@departure("REQUIRES")
def test_what_a_plugin_requires_is_not_looked_at(host, core, on):
    def add(name: str, *wanted: str, enabled: bool = True):
        manifest = {"name": name, "signalk-plugin-enabled-by-default": enabled, "signalk": {"requires": list(wanted)}}
        return host.load(PluginPackage(name, core("(i32.const 0)"), name, Grants.declared({}), manifest))

    first, second, off = add("first", "second"), add("second", "nowhere"), add("third", enabled=False)
    order = host.start_enabled()
    assert order.order == (("first", "second") if on else ())
    assert [plugin.state is State.RUNNING for plugin in (first, second, off)] == [on, on, False]
    assert set(order.blocked) == (set() if on else {"first", "second"})
    assert noted(host) == ({"REQUIRES"} if on else set())


@departure("NAMES")
def test_a_plugin_is_never_asked_for_its_id(host, core, on):
    own = f'(func (export "plugin_id") (param $out i32) (param $max i32) (result i32) {write_out("own")})'
    plugin = host.load(PluginPackage("", core(exports={"plugin_id": own}), "file", Grants.declared({}), {}))
    assert plugin.id == ("file" if on else "own")
    assert noted(host) == ({"NAMES"} if on else set())


@departure("TWINS")
def test_a_second_plugin_of_one_id_takes_the_place_of_the_first(host, load, on):
    first = load()
    first.start()
    if on:
        assert host.plugins == {"probe": load()}
        assert first.state is State.STOPPED
    else:
        with pytest.raises(ConfigurationError, match="is loaded already"):
            load()
        assert first.is_running
    assert noted(host) == ({"TWINS"} if on else set())


@departure("EMPTY")
@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("put_handler", [text("vessels.self"), text("")]),
        *[(f"{kind}_provider", [text("")]) for kind in ("resource", "weather", "radar")],
    ],
)
def test_empty_names_are_taken(host, load, on, function, arguments):
    plugin = load(failed(f"sk_register_{function}", *arguments))
    plugin.start()
    assert said(plugin) == (["failed"] if on else [])  # what says so looks for another result than 0, which is 1 here
    registered = [*plugin.puts, *(name for names in plugin.providers.values() for name in names)]
    assert len(registered) == on
    assert noted(host) == ({"EMPTY"} if on else set())


@departure("DENIALS")
@pytest.mark.parametrize(("function", "told"), [("sk_udp_create", True), ("sk_udp_pending", False)])
def test_a_denial_hardly_says_what_is_missing(host, on, function, told):
    speaker = Speaker(host, capabilities={})
    assert speaker.call(function, 0) == -1
    (denial,) = speaker.plugin.denials
    assert ("rawSockets" in denial.text) is (told or not on)
    assert denial.function == function
    assert noted(host) == ({"DENIALS"} if on and not told else set())


@departure("ABORT")
def test_abort_returns(host, load, on):
    aborts = call("abort", string("no"), string("a.ts"), "(i32.const 1)", "(i32.const 2)")
    plugin = load(binary=assemblyscript.binary(start=aborts + call("sk_debug", text("after"))))
    assert plugin.start({"a": 1}) is (State.RUNNING if on else State.ERROR)
    assert said(plugin) == (["after"] if on else [])
    assert any("aborted: 'no' (in 'a.ts', line 1, column 2)" in line for line in said(plugin, "fault"))
    assert noted(host) == ({"ABORT"} if on else set())


@departure("BOUNDS")
@pytest.mark.parametrize("beyond", [True, False])
def test_a_buffer_may_reach_beyond_memory(host, load, on, beyond):
    size = 4 * 65536 if beyond else -1
    plugin = load(
        f"(i32.store (i32.const 64) (call $sk_read_config (i32.const 1000) (i32.const {size})))"
        f"(if (i32.eq (i32.load (i32.const 64)) (i32.const 2)) (then {call('sk_debug', text('two'))}))"
    )
    plugin.preset({})
    plugin.start({})
    read = on and beyond
    assert said(plugin) == (["two"] if read else [])
    assert noted(host) == ({"BOUNDS"} if read else set())


@departure("TMP")
def test_emptying_tmp_leaves_its_directories(host, load, on):
    plugin = load()
    plugin.vfs.write("/tmp/x", "1")
    plugin.vfs.write("/tmp/deep/y", "2")
    plugin.vfs.clear_tmp()
    assert sorted(plugin.vfs.files()) == (["/tmp/deep/y"] if on else [])
    assert noted(host) == ({"TMP"} if on else set())


@departure("SOCKETS")
def test_sockets_are_hardly_checked(make, on):
    host = make(network=SimulatedNetwork())
    speaker = Speaker(host)
    assert (speaker.sk_udp_create(7) > 0) is on
    socket = speaker.sk_udp_create(0)
    assert speaker.sk_udp_bind(socket, 2000) == 0
    well = 0 if on else -1
    assert speaker.sk_udp_bind(socket, 2001) == well
    assert speaker.sk_udp_bind(99, 2000) == well
    assert speaker.sk_udp_pending(99) == well
    assert speaker.sk_udp_send(socket, "boat.example", 9, b"12345") == (5 if on else -1)
    assert speaker.sk_tcp_send(99, b"123") == (3 if on else -1)
    assert speaker.udp_recv(socket, 0) == well
    assert speaker.sk_tcp_pending(99) == -1
    assert noted(host) == ({"SOCKETS"} if on else set())


def connected(host):
    listener = host.network.listen("10.0.0.50", 2000)
    speaker = Speaker(host)
    socket = speaker.sk_tcp_create()
    assert speaker.sk_tcp_connect(socket, "10.0.0.50", 2000) == 0
    return speaker, socket, listener


@departure("CLOSED")
def test_a_closed_connection_takes_its_socket_along(make, on):
    speaker, socket, listener = connected(make(network=SimulatedNetwork()))
    listener.connections[-1].send(b"one\n")
    listener.connections[-1].close()
    assert speaker.tcp_recv(socket) == (-1 if on else b"one")
    assert speaker.sk_tcp_connected(socket) == (-1 if on else 0)
    assert speaker.tcp_recv(socket, "raw") == (-1 if on else 0)
    assert noted(speaker.plugin.host) == ({"CLOSED"} if on else set())


@departure("LINES")
def test_a_character_that_is_cut_is_lost(make, on):
    speaker, socket, listener = connected(make(network=SimulatedNetwork()))
    whole = "Ærø\n".encode()
    for piece in (whole[:1], whole[1:]):
        listener.connections[-1].send(piece)
    lost = "\N{REPLACEMENT CHARACTER}"
    assert speaker.tcp_recv(socket) == (f"{lost}{lost}rø" if on else "Ærø").encode()
    assert noted(speaker.plugin.host) == ({"LINES"} if on else set())


@departure("NUMBERS")
def test_udp_and_tcp_sockets_are_numbered_apart(make, on):
    host = make(network=SimulatedNetwork())
    speaker = Speaker(host)
    assert [speaker.sk_tcp_create(), speaker.sk_udp_create(0), speaker.sk_tcp_create()] == (
        [1, 1, 2] if on else [1, 2, 3]
    )
    udp, tcp = (1, 2) if on else (2, 3)
    assert (speaker.sk_udp_pending(udp), speaker.sk_tcp_pending(tcp)) == (0, 0)
    assert [(one.number, one.kind) for one in speaker.plugin.open_sockets] == [(1, "tcp"), (udp, "udp"), (tcp, "tcp")]
    assert speaker.sk_udp_pending(tcp) == -1
    assert [speaker.call(name, -tcp) for name in ("sk_udp_pending", "sk_tcp_pending")] == [-1, -1]
    speaker.sk_tcp_close(tcp)
    assert (speaker.sk_udp_pending(udp), speaker.sk_tcp_pending(tcp)) == (0, -1)
    assert noted(host) == ({"NUMBERS"} if on else set())
