"""instruments-c does what the corpus's README says: it hears, tells the weather, and shows a picture."""

from __future__ import annotations

import functools
import operator
import struct
from unittest.mock import Mock

import pytest

from refhost.host import Host
from refhost.network.interface import NetworkError
from refhost.network.simulated import SimulatedNetwork

HERE = {"latitude": 60.1667, "longitude": 24.9333}
PORT = 10110
GATEWAY = "10.0.1.8"


def sentence(text):
    return f"${text}*{functools.reduce(operator.xor, text.encode()):02X}".encode()


POSITION = sentence("GPGLL,6010.00,N,02456.00,E,120000,A")
WIND = sentence("WIMWD,225.0,T,,M,12.0,N,6.2,M")
GALE = sentence("WIMWD,360.0,T,,M,34.1,N,17.543,M")
WATER = sentence("YXMTW,-1.5,C")


@pytest.fixture
def network():
    return SimulatedNetwork()


@pytest.fixture
def host(network):
    with Host(network=network) as host:
        yield host


@pytest.fixture
def plugin(host, package):
    plugin = host.load(package("instruments-c"))
    plugin.start()
    return plugin


@pytest.fixture
def hear(host, network, plugin):
    """Sends lines to its port in one datagram; gives what it emits of them, by path."""
    device = network.udp("10.0.1.7")

    def sent(*lines):
        before = len(plugin.emitted)
        device.send(b"\r\n".join((*lines, b"")), port=PORT)
        host.advance(1)
        return values(plugin.emitted[before:])

    return sent


def values(deltas):
    return {pair["path"]: pair["value"] for delta in deltas for update in delta["updates"] for pair in update["values"]}


def weather(host, what, position=HERE, **more):
    return host.weather("Instruments").ask(what, position, **more)


def test_it_starts_and_listens(plugin):
    assert (plugin.state, plugin.status, plugin.error) == ("running", f"Listening at UDP port {PORT}", "")
    assert values(plugin.emitted) == {"plugins.instruments.heard": 0}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (POSITION, {"navigation.position": {"latitude": 60.1666666, "longitude": 24.9333333}}),
        (
            sentence("GPGLL,8959.99999,S,18000.000,W,120000,A"),
            {"navigation.position": {"latitude": -89.9999998, "longitude": -180}},
        ),
        (WIND, {"environment.wind.directionTrue": 3.9269, "environment.wind.speedOverGround": 6.2}),
        (WATER, {"environment.water.temperature": 271.65}),
    ],
)
def test_a_sentence_is_told(hear, line, told):
    assert hear(line) == {"plugins.instruments.heard": 1, **told}


@pytest.mark.parametrize(
    "line",
    [
        POSITION[:-3],
        POSITION[:-2] + b"00",
        b"#" + POSITION[1:],
        sentence("GPGLL,6010.00,N,02456.00,E,120000,V"),
        sentence("GPGLL,6060.00,N,02456.00,E,120000,A"),
        sentence("GPGLL,9000.01,N,02456.00,E,120000,A"),
        sentence("GPGLL,6010.00,N,18000.01,E,120000,A"),
        sentence("GPGLL,6010.00,,02456.00,E,120000,A"),
        sentence("GPGLL,6e3,N,02456.00,E,120000,A"),
        sentence("WIMWD,,T,,M,12.0,N,6.2,M"),
        sentence("WIMWD,225.0,T,,M,12.0,N,999999999999999999999,M"),
        sentence("YXMTW,.,C"),
        sentence("YXMTW,58.1,F"),
        sentence("YXMTW," + "0" * 80 + "1,C"),
        sentence("GPZDA,120000,01,01,2026,00,00"),
        b"",
    ],
)
def test_what_is_no_sentence_that_it_knows_is_passed_over(hear, line):
    assert hear(line) == {}


def test_what_comes_in_one_second_is_told_at_once(hear):
    assert len(hear(POSITION, WIND, WATER, b"noise", POSITION)) == 5
    assert hear(WATER)["plugins.instruments.heard"] == 5


def test_a_gateway_is_heard_and_when_it_comes_back_again(host, network, package):
    plugin = host.load(package("instruments-c"))
    plugin.start({"gateway": GATEWAY})
    for heard in (1, 2):
        listener = network.listen(GATEWAY, PORT)
        host.advance(30)
        connection = listener.accept()
        connection.send(WATER[:7], WATER[7:] + b"\r\n")
        host.advance(2)
        assert values(plugin.emitted)["plugins.instruments.heard"] == heard
        listener.close()
        connection.close()
        host.advance(30)


def test_a_port_that_was_taken_is_tried_again(host, network, package, monkeypatch):
    plugin = host.load(package("instruments-c"))
    with monkeypatch.context() as taken:
        taken.setattr(network, "bind", Mock(side_effect=NetworkError("taken")))
        plugin.start()
    assert (plugin.state, plugin.error) == ("running", f"Cannot listen at UDP port {PORT}")
    host.advance(11)
    assert plugin.status == f"Listening at UDP port {PORT}"


def test_it_closes_its_sockets_when_it_stops(host, plugin):
    assert len(plugin.open_sockets) == 2
    plugin.stop()
    assert (plugin.open_sockets, plugin.status) == ([], "Stopped")
    assert not [record for record in plugin.log if record.kind == "warning"]


def test_the_weather_is_what_it_has_heard(host, plugin, hear):
    hear(WIND, WATER)
    host.publish("environment.outside.temperature", 283.15)
    measured = {
        "outside": {"temperature": 283.15},
        "wind": {"speedTrue": 6.2, "directionTrue": 3.9269},
        "water": {"temperature": 271.65},
    }
    assert weather(host, "observations") == [
        {"date": "2026-01-01T00:00:01Z", "type": "observation", "description": "Measured on board", **measured}
    ]
    assert [entry["date"] for entry in weather(host, "forecasts", type="daily", options={"maxCount": 31})[:2]] == [
        "2026-01-02T00:00:01Z",
        "2026-01-03T00:00:01Z",
    ]
    point = weather(host, "forecasts", type="point")
    assert [entry["date"][11:13] for entry in point] == ["01", "02", "03"]
    assert point[0].items() >= measured.items()
    assert weather(host, "warnings") == []
    host.publish("environment.outside.temperature", None)
    assert "outside" not in weather(host, "observations")[0]


def test_of_a_gale_it_warns(host, hear):
    hear(GALE)
    (warning,) = weather(host, "warnings")
    assert (warning["type"], warning["startTime"]) == ("Gale", "2026-01-01T00:00:01Z")


@pytest.mark.parametrize(
    ("position", "count"),
    [
        (HERE, 1),
        ({"latitude": 61.1, "longitude": 24.9}, 1),
        ({"latitude": 61.2, "longitude": 24.9}, 0),
        ({"latitude": 60.1, "longitude": -24.9}, 0),
        ({"latitude": 91, "longitude": 24.9}, 0),
        ({"latitude": "60 N", "longitude": 24.9}, 0),
        ({}, 0),
    ],
)
def test_it_knows_the_weather_where_it_is(host, hear, position, count):
    hear(POSITION)
    assert len(weather(host, "observations", position)) == count
    assert [record for record in host.log if record.function == "weather_get_observations"] == []


def test_the_other_side_of_the_date_line_is_near(host, hear):
    hear(sentence("GPGLL,1000.00,N,17950.00,E,120000,A"))
    assert len(weather(host, "observations", {"latitude": 10, "longitude": -179.9})) == 1


def test_the_picture_turns_and_can_be_switched_off(host, plugin):
    radars = host.radars("Instruments")
    assert radars.ids() == ["picture"]
    host.advance(2)
    first, second = host.streams["radars/picture"]
    assert len(first) == 64 * (2 + 2 + 64)
    assert struct.unpack_from("<HH", second) == (64, 64)
    assert radars.ask("set_power", "picture", state="standby") is True
    assert radars.ask("set_range", "picture", range=926) is True
    host.advance(2)
    assert len(host.streams["radars/picture"]) == 2
    info = radars.ask("get_radar_info", "picture")
    assert (info["status"], info["range"], info["spokesPerRevolution"]) == ("standby", 926, 2048)


@pytest.mark.parametrize(
    ("what", "radar", "request_", "answer"),
    [
        ("get_radar_info", "another", {}, None),
        ("set_power", "another", {"state": "standby"}, False),
        ("set_power", "picture", {"state": "off"}, False),
        ("set_range", "picture", {"range": 49}, False),
        ("set_range", "picture", {"range": "926"}, False),
    ],
)
def test_what_it_cannot_do_it_says(host, plugin, what, radar, request_, answer):
    assert host.radars("Instruments").ask(what, radar, **request_) is answer


def test_without_the_picture_there_is_no_radar(host, package):
    plugin = host.load(package("instruments-c"))
    plugin.start({"picture": False})
    host.advance(3)
    assert host.radars("Instruments").ids() == []
    assert list(host.streams) == ["plugins/instruments-c/heard"]


def test_the_meter_shows_how_much_it_has_heard(host, plugin, hear):
    hear(POSITION, WATER)
    assert host.streams["plugins/instruments-c/heard"] == [struct.pack("<I", 2)]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"port": 0}, "port is a whole number from 1 to 65535"),
        ({"port": 10110.5}, "port is a whole number from 1 to 65535"),
        ({"gatewayPort": 65536}, "gatewayPort is a whole number from 1 to 65535"),
        ({"gateway": 5}, "gateway is an IP address, or an empty text"),
        ({"gateway": "1" * 47}, "gateway is an IP address, or an empty text"),
        ({"picture": "yes"}, "picture is true or false"),
    ],
)
def test_another_kind_of_option_is_refused(host, package, options, why):
    plugin = host.load(package("instruments-c"))
    assert (plugin.start(options), plugin.error) == ("error", why)


def test_a_gateway_that_is_no_address_is_told(host, package):
    plugin = host.load(package("instruments-c"))
    assert (plugin.start({"gateway": "gateway.local"}), plugin.error) == ("running", "gateway is no IP address")
