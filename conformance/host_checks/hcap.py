"""HCAP: what becomes of each host function, and of what else a capability guards, without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.host_checks.hfun import NOTIFICATION
from conformance.host_checks.registry import host_check
from conformance.host_trial import emit, emit_text, line, number, text
from conformance.trial import require
from refhost.capabilities import CAPABILITIES, Grants
from refhost.functions import ENV

if TYPE_CHECKING:
    from conformance.host_trial import HostTrial, Probe

_SPEED = '{"updates":[{"$source":"gps","values":[{"path":"navigation.speedOverGround","value":3.5}]}]}'
ALL = {name: "vfs-only" if name == "storage" else True for name in CAPABILITIES}
_ID = number(1)
_GROUP = (text("239.1.2.3"), text(""))

# Each guarded call: the requirement, the probe, the capability that is missing, and the line of the script.
_MATRIX = (
    ("001", "probe", "dataRead", line("sk_get_self_path", text("navigation.speedOverGround"), "b:200")),
    ("002", "probe-path", "dataRead", line("sk_get_path", text("vessels.self.navigation"), "b:200")),
    ("003", "probe", "dataWrite", emit("a.b", 1)),
    ("004", "probe", "dataWrite", line("sk_publish_notification", text("notifications.a"), text(NOTIFICATION))),
    ("005", "probe", "putHandlers", line("sk_register_put_handler", text("vessels.self"), text("probe.script"))),
    ("006", "probe", "resourceProvider", line("sk_register_resource_provider", text("routes"))),
    ("007", "probe", "weatherProvider", line("sk_register_weather_provider", text("Clouds"))),
    ("008", "probe", "radarProvider", line("sk_register_radar_provider", text("Halo"))),
    ("009", "probe-streams", "radarProvider", line("sk_radar_emit_spokes", text("halo"), "x:0102")),
    ("010", "probe-streams", "dataWrite", line("sk_emit_binary_stream", text("plugins/probe/a"), "x:0102")),
    ("011", "probe-streams", "radarProvider", line("sk_emit_binary_stream", text("radars/halo"), "x:0102")),
    ("012", "probe-sockets", "rawSockets", line("sk_udp_create", number(0))),
    ("013", "probe-sockets", "rawSockets", line("sk_udp_bind", _ID, number(2000))),
    ("014", "probe-sockets", "rawSockets", line("sk_udp_join_multicast", _ID, *_GROUP)),
    ("015", "probe-sockets", "rawSockets", line("sk_udp_leave_multicast", _ID, *_GROUP)),
    ("016", "probe-sockets", "rawSockets", line("sk_udp_set_multicast_ttl", _ID, number(2))),
    ("017", "probe-sockets", "rawSockets", line("sk_udp_set_multicast_loopback", _ID, number(1))),
    ("018", "probe-sockets", "rawSockets", line("sk_udp_set_broadcast", _ID, number(1))),
    ("019", "probe-sockets", "rawSockets", line("sk_udp_send", _ID, text("127.0.0.1"), number(9), "x:01")),
    ("020", "probe-sockets", "rawSockets", line("sk_udp_recv", _ID, "b:64", "o:46", "o:2")),
    ("021", "probe-sockets", "rawSockets", line("sk_udp_pending", _ID)),
    ("022", "probe-sockets", "rawSockets", line("sk_udp_close", _ID)),
    ("023", "probe-sockets", "rawSockets", line("sk_tcp_create")),
    ("024", "probe-sockets", "rawSockets", line("sk_tcp_connect", _ID, text("127.0.0.1"), number(9))),
    ("025", "probe-sockets", "rawSockets", line("sk_tcp_connected", _ID)),
    ("026", "probe-sockets", "rawSockets", line("sk_tcp_set_line_buffering", _ID, number(0))),
    ("027", "probe-sockets", "rawSockets", line("sk_tcp_send", _ID, "x:01")),
    ("028", "probe-sockets", "rawSockets", line("sk_tcp_recv_line", _ID, "b:64")),
    ("029", "probe-sockets", "rawSockets", line("sk_tcp_recv_raw", _ID, "b:64")),
    ("030", "probe-sockets", "rawSockets", line("sk_tcp_pending", _ID)),
    ("031", "probe-sockets", "rawSockets", line("sk_tcp_close", _ID)),
)


def _untouched(probe: Probe, function: str) -> None:
    """Nothing of any effect that a function of the matrix could have had."""
    require(not probe.emitted, f"{function} was denied, and the host carried {len(probe.emitted)} deltas")
    if "registrations" in probe.home.features:
        require(not probe.session.registered, f"{function} was denied, and registered {list(probe.session.registered)}")
    if "streams" in probe.home.features:
        require(not probe.session.streams, f"{function} was denied, and {list(probe.session.streams)} was emitted")
    if "sockets" in probe.home.features:
        require(
            not probe.session.open_sockets, f"{function} was denied, and {list(probe.session.open_sockets)} is open"
        )


def _denied(trial: HostTrial, name: str, capability: str, call: str) -> None:
    function = call.partition("\t")[0]
    held = {key: value for key, value in ALL.items() if key != capability} | {capability: False}
    with trial.probe(name, capabilities=held) as probe:
        probe.home.inject(_SPEED)
        probe.start(call, line("say", "after"))
        _untouched(probe, function)
        told = probe.news()
        if ["after"] in told:
            failure = ENV[function].failure
            wanted = [] if failure is None else [str(failure)]
            require(told[0][1:2] == wanted, f"{function} was denied, and answered {told[0][1:2]}, not {wanted}")
            rest = "".join(told[0][2:])
            require(not rest.replace("a5", ""), f"{function} was denied, and wrote {told[0][2:]}")
        else:
            require(probe.session.fault, f"after {function} was denied the plugin is {probe.session.state}")
        found = [r for r in probe.log if capability in r.text and r.function in {function, ""}]
        require(found, f"{function} was denied, and the log does not name {capability}")


def _register(number_: str, name: str, capability: str, call: str) -> None:
    host_check(f"HCAP-{number_}")(lambda trial: _denied(trial, name, capability, call))


for _row in _MATRIX:
    _register(*_row)


@host_check("HCAP-032")
def no_deltas(trial: HostTrial) -> None:
    """Not one."""
    for held in (True, False):
        with trial.probe(capabilities={"dataRead": held}) as probe:
            probe.start(hear=True)
            probe.home.inject(_SPEED)
            count = len(probe.heard)
            require(count == held, f"with dataRead {held}, {count} deltas were delivered of one")


@host_check("HCAP-033")
def no_endpoints(trial: HostTrial) -> None:
    """404, and nothing ran."""
    for held in (True, False):
        with trial.probe(capabilities={"httpEndpoints": held}) as probe:
            probe.run()
            reply = probe.session.http("GET", "/items/7")
            wanted = 200 if held else 404
            require(reply.status == wanted, f"with httpEndpoints {held}, GET /items/7 answered {reply.status}")
            ran = any(told[0] == "request" for told in probe.told)
            require(ran == held, f"with httpEndpoints {held}, the handler {'ran' if ran else 'did not run'}")


@host_check("HCAP-034")
def no_files(trial: HostTrial) -> None:
    """404."""
    for held in (True, False):
        with trial.probe(capabilities={"staticFiles": held}, public={"page.txt": b"a page"}) as probe:
            probe.run()
            reply = probe.session.http("GET", "/page.txt")
            wanted = 200 if held else 404
            require(reply.status == wanted, f"with staticFiles {held}, public/page.txt answered {reply.status}")
            require(held or "a page" not in reply.body, "without staticFiles the file was served")


@host_check("HCAP-035")
def no_storage(trial: HostTrial) -> None:
    """No directory, no file."""
    with trial.probe("probe-files", capabilities={"storage": "none"}) as probe:
        told = probe.run(line("preopens"), line("write", "data/x", "words"), line("read", "data/x"))
        require(told[0][2:] == [""], f"what is preopened is {told[0][2:]}")
        require(told[1][1] != "0", "a file was written")
        require(told[2][1] != "0", "a file was read")
        require("words" not in str(dict(probe.session.files)), f"there are files: {list(probe.session.files)}")


@host_check("HCAP-036")
def nonsense_grants_nothing(trial: HostTrial) -> None:
    """Names in other letters, words for true."""
    declared = {"rawsockets": True, "RawSockets": True, "putHandlers": "true", "radarProvider": 1, "*": True}
    for name in ("rawSockets", "putHandlers", "radarProvider"):
        with trial.probe(capabilities=declared) as probe:
            result = probe.result(line("sk_has_capability", text(name)))
            require(result == 0, f"{declared} granted {name}")


@host_check("HCAP-037")
def defaults(trial: HostTrial) -> None:
    """Of each capability, without a word in package.json."""
    with trial.probe() as probe:
        for name, row in CAPABILITIES.items():
            result = probe.result(line("sk_has_capability", text(name)))
            require(result == (row.default is not False), f"{name} is {row.default} by default, and answered {result}")


@host_check("HCAP-038")
def taken_away(trial: HostTrial) -> None:
    """Between two loads."""
    with trial.probe() as probe:
        probe.run(emit("a.b", 1))
        require(probe.values("a.b") == [1], f"with dataWrite the host carried {probe.values('a.b')}")
        probe.session.reload(grants=Grants.declared({"dataWrite": False}))
        probe.start(emit("a.b", 2))
        require(probe.values("a.b") == [1], f"after dataWrite was taken away the host carried {probe.values('a.b')}")


@host_check("HCAP-039")
def each_its_own(trial: HostTrial) -> None:
    """Two plugins, one of which may write."""
    with trial.host() as home:
        first = trial.load(home, package="first")
        second = trial.load(home, package="second", capabilities={"dataWrite": False})
        first.start(emit("a.first", 1))
        second.start(emit("a.second", 2), emit_text('{"updates":[{"$source":"first","values":[]}]}'))
        require(first.values("a.first") == [1], "the plugin that may write could not")
        require(not second.emitted, "the plugin that may not write did")
