"""Binary streams: who may emit on which, and what a server gets of them (contract §16, R7)."""

from __future__ import annotations

import pytest
from speaker import MEMORY, Speaker
from wat import text

from refhost.host import Host
from refhost.services import streams

DATA = bytes(range(256))
NO_DATA = {"radarProvider": True, "dataWrite": False}


@pytest.fixture
def speaker(host):
    return Speaker(host)


def test_a_plugin_emits_on_a_stream_of_its_own(host, speaker):
    assert speaker.sk_emit_binary_stream("plugins/speaker/track", DATA) == 1
    assert speaker.sk_emit_binary_stream("plugins/speaker/track", b"") == 1
    assert speaker.sk_emit_binary_stream("plugins/speaker/a/b c.ä", b"2") == 1
    assert dict(host.streams) == {"plugins/speaker/track": [DATA, b""], "plugins/speaker/a/b c.ä": [b"2"]}
    assert len(host.streams) == 2
    (first, *_) = host.streams.messages
    assert (first.time, first.plugin, first.stream) == (host.clock.timestamp(), "speaker", "plugins/speaker/track")
    assert speaker.records() == []


def test_a_stream_that_nobody_emitted_on_is_empty(host):
    assert host.streams["radars/x"] == []
    assert "radars/x" not in host.streams
    assert dict(host.streams) == {}


@pytest.mark.parametrize("radar", ["r", "Radar-0_x", "-"])
def test_a_radar_provider_emits_on_streams_of_radars(radar, host, speaker):
    assert speaker.sk_emit_binary_stream(f"radars/{radar}", DATA) == 1
    assert host.streams[f"radars/{radar}"] == [DATA]


FOREIGN = [
    "plugins/other/track",
    "plugins/speakers/track",
    "plugins/speaker",
    "plugins/Speaker/track",
    "plugins/speaker/../other/track",
    "plugins/speaker/..",
    "plugins/speaker/a/../../other",
    "plugins/../plugins/speaker/x",
    "/plugins/speaker/x",
    "plugins//speaker/x",
    "speaker/x",
    "",
    "radars",
    "radars/",
    "radars/a/b",
    "radars/../plugins/other/x",
    "radars/..",
    "radars/a b",
    "radars/ä",
    "radars/a\n",
    "radars/٣",
    "Radars/a",
    "radars/" + "r" * 257,
]
# The contract does not say: parts that a URL would lose, and what no URL holds.
UNFIT = ["plugins/speaker/", "plugins/speaker//x", "plugins/speaker/x/", "plugins/speaker/./x", "plugins/speaker/a\0b"]
UNFIT += ["plugins/speaker/" + "x" * 257]


@pytest.mark.parametrize("stream", FOREIGN + UNFIT)
def test_no_other_stream_takes_anything(stream, host, speaker):
    assert speaker.sk_emit_binary_stream(stream, DATA) == 0
    assert dict(host.streams) == {}
    (record,) = speaker.records()
    assert (record.kind, record.function) == ("refused", "sk_emit_binary_stream")


@pytest.mark.parametrize(
    ("stream", "capabilities", "missing"),
    [
        ("plugins/speaker/track", NO_DATA, "dataWrite"),
        ("radars/r", {"radarProvider": False}, "radarProvider"),
        ("radars/r", {"dataWrite": False}, "radarProvider"),
    ],
)
def test_without_the_capability_that_the_stream_needs_nothing_is_emitted(stream, capabilities, missing, host):
    speaker = Speaker(host, capabilities=capabilities)
    assert speaker.sk_emit_binary_stream(stream, DATA) == 0
    assert dict(host.streams) == {}
    (denial,) = speaker.plugin.denials
    assert denial.text == f"plugin speaker lacks {missing} capability"
    assert denial.function == "sk_emit_binary_stream"
    assert speaker.records() == [denial]


@pytest.mark.parametrize(
    ("stream", "capabilities"), [("plugins/speaker/track", {}), ("radars/r", NO_DATA)], ids=["own", "radar"]
)
def test_the_other_capability_is_not_asked_for(stream, capabilities, host):
    assert Speaker(host, capabilities=capabilities).sk_emit_binary_stream(stream, DATA) == 1


# -- spokes


def test_spokes_go_to_the_stream_of_the_radar(host, speaker):
    assert speaker.sk_register_radar_provider("Furuno") == 1
    assert speaker.sk_radar_emit_spokes("radar-0", DATA) == 1
    assert dict(host.streams) == {"radars/radar-0": [DATA]}


def test_spokes_need_a_registered_provider(host, speaker):
    assert speaker.sk_radar_emit_spokes("radar-0", DATA) == 0
    assert dict(host.streams) == {}
    assert "sk_register_radar_provider comes first" in speaker.reason()


def test_a_provider_of_another_plugin_does_not_count(host, speaker):
    other = Speaker(host, "other")
    other.sk_register_radar_provider("Furuno")
    assert speaker.sk_radar_emit_spokes("radar-0", DATA) == 0


@pytest.mark.parametrize("radar", ["", "a/b", "..", "a.b", "../plugins/other/x", "ä"])
def test_spokes_need_the_id_of_a_radar(radar, host, speaker):
    speaker.sk_register_radar_provider("Furuno")
    assert speaker.sk_radar_emit_spokes(radar, DATA) == 0
    assert dict(host.streams) == {}


def test_spokes_need_the_capability(host):
    speaker = Speaker(host, capabilities={"radarProvider": False})
    assert speaker.sk_radar_emit_spokes("radar-0", DATA) == 0
    assert [d.text for d in speaker.plugin.denials] == ["plugin speaker lacks radarProvider capability"]


def test_a_registration_ends_with_the_instance(host, speaker):
    speaker.sk_register_radar_provider("Furuno")
    speaker.plugin.stop()
    speaker.plugin.start()
    assert speaker.sk_radar_emit_spokes("radar-0", DATA) == 0


# -- both


@pytest.mark.parametrize("function", ["sk_emit_binary_stream", "sk_radar_emit_spokes"])
@pytest.mark.parametrize(
    "place", [(MEMORY - 3, 4), (-1, 1), (-1, 0), (8, -1), (-16, 32)], ids=["end", "-1", "-1,0", "8,-1", "wraps"]
)
@pytest.mark.parametrize("which", ["stream", "data"])
def test_what_cannot_be_read_is_a_failure(function, place, which, host, speaker):
    speaker.sk_register_radar_provider("Furuno")
    name = "plugins/speaker/x" if function == "sk_emit_binary_stream" else "r"
    assert (
        speaker.call(function, *(place if which == "stream" else (name,)), *(place if which == "data" else (b"d",)))
        == 0
    )
    assert dict(host.streams) == {}
    assert speaker.records()[-1].kind == "refused"


def test_a_name_that_is_not_utf8_is_a_failure(host, speaker):
    assert speaker.sk_emit_binary_stream(b"plugins/speaker/\xff", DATA) == 0
    assert "not UTF-8" in speaker.reason()


@pytest.mark.parametrize("function", ["sk_emit_binary_stream", "sk_radar_emit_spokes"])
def test_nothing_is_emitted_while_metadata_is_read(function, host):
    code = f"(drop (call ${function} {text('plugins/speaker/x')} {text('d')}))"
    speaker = Speaker(host, start=False, name_code=code)
    assert dict(host.streams) == {}
    assert "R19" in speaker.reason()


def test_a_plugin_emits_from_its_own_calls(host):
    code = f"(drop (call $sk_emit_binary_stream {text('plugins/speaker/x')} {text('tick')}))"
    Speaker(host, poll=code)
    host.advance(3)
    assert host.streams["plugins/speaker/x"] == [b"tick"] * 3


# -- the host's side


def test_a_server_gets_what_is_emitted_until_it_has_enough(host, speaker):
    heard = []
    end = host.on_stream(lambda stream, data: heard.append((stream, data)))
    speaker.sk_emit_binary_stream("plugins/speaker/x", b"1")
    end()
    end()
    speaker.sk_emit_binary_stream("plugins/speaker/x", b"2")
    assert heard == [("plugins/speaker/x", b"1")]


def test_a_receiver_that_fails_costs_nobody_anything(host, speaker):
    heard = []
    host.on_stream(lambda stream, data: 1 / 0)
    host.on_stream(lambda stream, data: heard.append(data))
    assert speaker.sk_emit_binary_stream("plugins/speaker/x", b"1") == 1
    assert heard == [b"1"]
    assert speaker.plugin.is_running
    assert ["ZeroDivisionError" in r.text for r in host.log if r.kind == "warning"] == [True]


def test_the_oldest_is_dropped_when_there_is_too_much(monkeypatch):
    monkeypatch.setattr(streams, "MAX_MESSAGES", 3)
    with Host() as host:
        speaker = Speaker(host)
        for number in range(5):
            speaker.sk_emit_binary_stream("plugins/speaker/x", b"%d" % number)
        assert host.streams["plugins/speaker/x"] == [b"2", b"3", b"4"]
        assert host.streams.dropped == 2


def test_the_oldest_is_dropped_when_it_is_too_large(monkeypatch):
    monkeypatch.setattr(streams, "MAX_BYTES", 10)
    with Host() as host:
        speaker = Speaker(host)
        for data in (b"1234", b"5678", b"9abc"):
            speaker.sk_emit_binary_stream("plugins/speaker/x", data)
        assert host.streams["plugins/speaker/x"] == [b"5678", b"9abc"]


def test_streams_stay_when_a_plugin_stops_and_go_when_it_is_unloaded(host, speaker):
    other = Speaker(host, "other")
    speaker.sk_emit_binary_stream("plugins/speaker/x", b"1")
    speaker.sk_emit_binary_stream("radars/r", b"2")
    other.sk_emit_binary_stream("radars/r", b"3")
    speaker.plugin.stop()
    assert host.streams["radars/r"] == [b"2", b"3"]
    host.unload(speaker.plugin)
    assert dict(host.streams) == {"radars/r": [b"3"]}
