"""The plugin of the corpus that is asked things: what its README promises, by `refhost run` and in a host."""

from __future__ import annotations

import json
import re
import shlex

import pytest

import corpus
from refhost.host import Host
from refhost.package import read_package

PLUGIN = corpus.plugin("anchor-watch-rust")
README = (PLUGIN / "README.md").read_text("utf-8")
ALARM = "notifications.navigation.anchor"
HERE = {"latitude": 60.1696, "longitude": 24.9562}
# A thousandth of a degree of latitude is 111 m.
NEAR = {"latitude": 60.1698, "longitude": 24.9562}
FAR = {"latitude": 60.1706, "longitude": 24.9562}


def block(kind):
    return re.search(rf"^```{kind}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)[1]


@pytest.fixture
def promised(monkeypatch):
    """The command of the README, in the folder that it is written for."""
    monkeypatch.chdir(corpus.PLUGINS.parent.parent)
    return shlex.split(block("sh").replace("\\\n", " "))[1:]


def test_the_command_of_the_readme_answers_as_it_says(refhost, promised, lines, values):
    done = refhost(*promised)
    written = lines(done.stdout)
    assert done.exit_code == 0
    assert [line for line in written if "request" in line] == lines(block("jsonl"))
    alarm = json.loads(block("json"))
    assert values(written).count((alarm["path"], alarm["value"])) == 1


def test_the_same_run_in_other_processes_gives_the_same_bytes(process, promised):
    words = (*promised, "--seed", "7", "--seconds", "30")
    first, second = process(*words, PYTHONHASHSEED="1"), process(*words, PYTHONHASHSEED="2")
    assert first.returncode == 0
    assert (first.stdout, first.stderr) == (second.stdout, second.stderr)
    assert first.stdout.count(b'"request"') == 9
    assert b"[status] Stopped" in first.stderr


@pytest.fixture
def host():
    with Host() as host:
        yield host


@pytest.fixture
def plugin(host):
    return host.load(read_package(PLUGIN))


@pytest.fixture
def emitted(plugin, values):
    """What the plugin has emitted since this was asked last."""
    seen = 0

    def new():
        nonlocal seen
        found = values(plugin.emitted)[seen:]
        seen += len(found)
        return found

    return new


def put(host, name, value):
    return host.put(f"navigation.anchor.{name}", value).status_code


def status(host):
    return host.http.get("/plugins/anchor-watch-rust/api/status").json()


def test_its_life(host, plugin, emitted):
    assert plugin.start() == "running"
    assert emitted() == [(ALARM, None), ("navigation.anchor.state", "on"), ("navigation.anchor.maxRadius", 50)]
    assert status(host) == {
        "running": True,
        "alarmActive": False,
        "position": None,
        "maxRadius": 50,
        "checkInterval": 10,
    }
    plugin.stop()
    assert emitted() == [("navigation.anchor.state", "off")]
    assert host.http.get("/plugins/anchor-watch-rust/api/status").status_code == 404


def test_the_anchor_is_forgotten_when_the_plugin_is_disabled(host, plugin, emitted):
    plugin.start({"checkInterval": 1})
    host.publish("navigation.position", FAR)
    put(host, "position", HERE)
    host.advance(1)
    assert status(host)["alarmActive"]
    emitted()
    plugin.stop()
    assert emitted() == [(ALARM, None), ("navigation.anchor.position", None), ("navigation.anchor.state", "off")]
    plugin.start()
    assert (status(host)["position"], status(host)["alarmActive"]) == (None, False)


def test_leaving_the_circle_raises_the_alarm_and_coming_back_ends_it(host, plugin, emitted):
    plugin.start({"maxRadius": 60, "checkInterval": 5})
    host.publish("navigation.position", HERE)
    assert put(host, "position", HERE) == 200
    host.advance(10)
    emitted()

    host.publish("navigation.position", NEAR)
    host.advance(10)
    assert emitted() == []

    host.publish("navigation.position", FAR)
    host.advance(4)
    assert emitted() == []  # it looks every five seconds
    host.advance(1)
    ((path, alarm),) = emitted()
    assert (path, alarm["state"], alarm["method"]) == (ALARM, "alarm", ["visual", "sound"])
    assert "111 m away" in alarm["message"]
    assert (status(host)["alarmActive"], plugin.status) == (True, alarm["message"])
    host.advance(60)
    assert emitted() == []  # an alarm is raised once

    host.publish("navigation.position", NEAR)
    host.advance(5)
    ((path, quiet),) = emitted()
    assert (path, quiet["state"], status(host)["alarmActive"]) == (ALARM, "normal", False)
    assert "22 m away" in quiet["message"]


@pytest.mark.parametrize(
    ("anchor", "vessel", "metres"),
    [
        ((60.1696, 24.9562), (60.1696, 24.9572), 55),
        ((0, 179.9999), (0, -179.9999), 22),
        ((0, 0), (0, 180), 20015114),
        ((-2.5, 177.4), (2.5, -2.6), 20015114),
        ((90, 0), (89.999, 77), 111),
        ((-33.9, 18.4), (-33.8997, 18.4003), 43),
    ],
)
def test_the_distance_is_along_the_surface_of_the_earth(host, plugin, emitted, anchor, vessel, metres):
    plugin.start({"maxRadius": 10, "checkInterval": 1})
    here, there = (dict(zip(HERE, place, strict=True)) for place in (anchor, vessel))
    host.publish("navigation.position", there)
    put(host, "position", here)
    host.advance(1)
    assert f"is {metres} m away" in emitted()[-1][1]["message"]


def test_a_wider_circle_ends_the_alarm(host, plugin, emitted):
    plugin.start({"checkInterval": 1})
    host.publish("navigation.position", FAR)
    put(host, "position", HERE)
    host.advance(1)
    assert put(host, "maxRadius", 200) == 200
    assert plugin.status.endswith("with a circle of 200 m, and the vessel is outside of it")
    emitted()
    host.advance(1)
    assert [(path, value["state"]) for path, value in emitted()] == [(ALARM, "normal")]


def test_other_vessels_may_go_where_they_like(host, plugin, emitted):
    plugin.start({"checkInterval": 1})
    host.publish("navigation.position", HERE)
    put(host, "position", HERE)
    host.advance(1)
    emitted()
    host.publish("navigation.position", FAR, context="vessels.urn:mrn:imo:mmsi:230099999")
    host.advance(5)
    assert (emitted(), status(host)["alarmActive"]) == ([], False)


def test_without_a_position_of_the_vessel_it_says_that_it_is_blind(host, plugin):
    plugin.start({"checkInterval": 1})
    put(host, "position", HERE)
    host.advance(1)
    assert plugin.status.startswith("The vessel's own position is not known")
    host.advance(5)
    assert sum("not known" in record.text for record in plugin.log) == 1  # it says so once
    host.publish("navigation.position", HERE)
    host.advance(1)
    assert plugin.status == "Anchor at 60.16960, 24.95620 with a circle of 50 m"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("position", None),
        ("position", 5),
        ("position", {"latitude": 1}),
        ("position", {"latitude": "1", "longitude": 2}),
        ("position", {"latitude": 90.1, "longitude": 2}),
        ("position", {"latitude": 1, "longitude": -180.1}),
        ("maxRadius", 9.9),
        ("maxRadius", 1000.1),
        ("maxRadius", "75"),
        ("maxRadius", None),
        ("state", "open"),
        ("state", True),
    ],
)
def test_puts_that_make_no_sense_are_refused_and_change_nothing(host, plugin, emitted, name, value):
    plugin.start()
    before = status(host)
    emitted()
    answer = host.put(f"navigation.anchor.{name}", value)
    assert (answer.state, answer.status_code) == ("COMPLETED", 400)
    assert answer.message
    assert (emitted(), status(host)) == ([], before)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("position", {"latitude": -90, "longitude": 180}),
        ("position", {"latitude": 1e-7, "longitude": -0.5, "altitude": {"a": ["}", '"', "\\"]}}),
        ("maxRadius", 10),
        ("maxRadius", 1000),
        ("maxRadius", 12.5),
    ],
)
def test_puts_are_told_as_they_were_given(host, plugin, emitted, name, value):
    plugin.start()
    emitted()
    assert put(host, name, value) == 200
    told = {key: value[key] for key in HERE} if name == "position" else value
    assert emitted() == [(f"navigation.anchor.{name}", told)]
    assert status(host)[name] == told


def test_its_state_is_answered_for_and_never_changes(host, plugin, emitted):
    plugin.start()
    emitted()
    assert [put(host, "state", value) for value in ("on", "off")] == [200, 200]
    assert (emitted(), status(host)["running"]) == ([], True)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (None, "the body must be a JSON object"),
        ([], "the body must be a JSON object"),
        ({}, "latitude must be a number from -90 to 90"),
        ({"latitude": 1}, "longitude must be a number from -180 to 180"),
        ({"latitude": 1, "longitude": 200}, "longitude must be a number from -180 to 180"),
        ({"latitude": 1, "longitude": 2, "maxRadius": 5000}, "maxRadius must be a number from 10 to 1000"),
        ({"latitude": 1, "longitude": 2, "maxRadius": None}, "maxRadius must be a number from 10 to 1000"),
    ],
)
def test_drops_that_make_no_sense_are_refused_and_change_nothing(host, plugin, emitted, body, said):
    plugin.start()
    before = status(host)
    emitted()
    answer = host.http.post("/plugins/anchor-watch-rust/api/drop", json=body)
    assert (answer.status_code, answer.json()) == (400, {"success": False, "message": said})
    assert (emitted(), status(host)) == ([], before)


def test_a_drop_without_a_radius_keeps_the_radius(host, plugin):
    plugin.start({"maxRadius": 80})
    answer = host.http.post("/plugins/anchor-watch-rust/api/drop", json=HERE)
    assert answer.json() == {"success": True, "message": "Anchor dropped", "position": HERE, "maxRadius": 80}


@pytest.mark.parametrize(
    ("config", "radius"),
    [
        ("{}", 50),
        (' { "maxRadius" : 75.5 } ', 75.5),
        ('{"max\\u0052adius":75}', 75),
        ('{"maxRadius":20,"maxRadius":30}', 30),
        ('{"a":{"maxRadius":20},"b":["}",{"maxRadius":1}],"c\\\\":"\\"maxRadius\\":1","maxRadius":1e2}', 100),
        ('{"\\ud83d\\udc1f":"\\ud83d\\udc1f","maxRadius":40}', 40),
    ],
)
def test_its_configuration_is_read_as_json(host, plugin, config, radius):
    assert plugin.start_with(config) == "running"
    assert status(host)["maxRadius"] == radius


@pytest.mark.parametrize(
    "config",
    [
        "",
        "[]",
        "null",
        '"{}"',
        "{",
        "{}{}",
        '{"a":1,}',
        '{"a" 1}',
        '{"a":"',
        '{"a":"\\',
        '{"a":[1}',
        '{"maxRadius":"75"}',
        '{"maxRadius":inf}',
        '{"maxRadius":1e999}',
        '{"checkInterval":1.5}',
        '{"checkInterval":0}',
    ],
)
def test_a_bad_configuration_is_refused_with_a_sentence(plugin, config):
    assert plugin.start_with(config) == "error"
    assert plugin.status_code == 1
    assert plugin.error


@pytest.mark.parametrize(
    ("missing", "said"),
    [("dataWrite", "there will be no alarm"), ("putHandlers", "only POST /api/drop sets the anchor")],
)
def test_it_says_which_capability_it_lacks(host, missing, said):
    package = read_package(PLUGIN)
    plugin = host.load(package.with_grants(package.grants.without(missing)))
    assert plugin.start() == "running"
    assert plugin.error == f"The capability {missing} is missing: {said}"
