"""The streams of real logs: what they are made of, that they are deltas, and what twins make of them."""

from __future__ import annotations

import functools
import gzip
import hashlib
import itertools
import json
import tarfile
from datetime import datetime

import pytest
from replays import in_short, replay, shared

import corpus
from conformance.drivers.reference import RefhostDriver
from conformance.drivers.signalk_server.install import pinned
from corpus import streams
from corpus.streams import recording
from refhost.delta import pairs, problems
from refhost.jsontext import loads
from refhost.package import read_package

MODEL = "twin-c"
LARGE = [name for name in corpus.twins() if name in corpus.large()]
SMALL = [name for name in corpus.twins() if name not in LARGE]
COMPONENTS = [name for name in corpus.twins() if name.startswith("twin-component-")]
# Go's runtime sleeps some microseconds now and then, by WASI, so that virtual time is a little later with it: the times
# that the host fills in are left out.
SLEEPING = {"twin-go"}
# So many deltas of each stream are replayed every day; all of them by the tests marked `long`, or `toolchain`.
HEAD = 1500

every_stream = pytest.mark.parametrize("stream", streams.NAMES)


@functools.cache
def deltas(stream):
    return [loads(line) for line in streams.lines(stream)]


@functools.cache
def of_model(stream, count, *, timeless=False):
    return replayed(read_package(corpus.plugin(MODEL)), stream, count, timeless=timeless)


def replayed(package, stream, count, *, timeless=False):
    return replay(RefhostDriver(), package, deltas(stream)[:count], in_time=True, timeless=timeless)


def provenance():
    return json.loads(recording.PROVENANCE.read_text("utf-8"))


# Of what they are made.


def test_each_stream_has_a_log_and_each_file_is_a_stream():
    assert sorted(recording.LOGS) == sorted(streams.NAMES) == sorted(provenance()["streams"])
    assert sorted(path.name for path in streams.FOLDER.glob("*.gz")) == sorted(
        f"{name}.jsonl.gz" for name in streams.NAMES
    )
    with pytest.raises(LookupError, match=r"no recorded stream is called 'plaka\.log'; there are aava-n2k, plaka"):
        streams.file("plaka.log")


def test_the_provenance_says_what_is_there():
    texts = {name: gzip.decompress(streams.file(name).read_bytes()) for name in streams.NAMES}
    assert recording.PROVENANCE.read_text("utf-8") == recording.provenance(texts)
    assert recording.differences(texts) == []
    for name, text in texts.items():
        said = provenance()["streams"][name]
        assert said["deltas"] == len(list(streams.lines(name))) == len(deltas(name)) > 10_000
        assert said["sha256"] == hashlib.sha256(text).hexdigest()
        assert said["log"]["license"] == "Apache-2.0"


def test_another_text_is_told_apart():
    text = b"\n".join(line.encode() for line in streams.lines("aava-n2k"))
    assert recording.differences({"aava-n2k": text, "plaka": b""}) == [
        "aava-n2k.jsonl.gz is not what its log gives",
        "plaka.jsonl.gz is not what its log gives",
        "provenance.json does not say what was made",
    ]


def test_the_logs_are_of_the_server_that_is_judged():
    assert pinned() == recording.SERVER


def test_the_versions_are_those_that_are_locked():
    """What is asked for, what its lock file has, and what the provenance says."""
    asked = json.loads((streams.FOLDER / "package.json").read_text("utf-8"))["devDependencies"]
    locked = json.loads((streams.FOLDER / "package-lock.json").read_text("utf-8"))["packages"]
    said = [stream["converters"] for stream in provenance()["streams"].values()]
    assert asked == {name: locked[f"node_modules/{name}"]["version"] for name in asked}
    assert asked == {name: version for converters in said for name, version in converters.items()}


def test_without_npm_that_is_what_it_says(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    assert recording.main([]) == 1
    said = "npm and node are not here: install the Debian packages nodejs and npm."
    assert capsys.readouterr().out == f"The streams are not made: {said}\n"


def test_another_log_is_not_taken(monkeypatch, tmp_path, capsys):
    """As would be the one of another version, or of somebody who is not the server's author."""
    log = tmp_path / "log"
    log.write_text("$GPZDA,095559,,,,00*61\n")
    with tarfile.open(tmp_path / f"signalk-server-{recording.SERVER}.tgz", "w:gz") as package:
        for made in recording.LOGS.values():
            package.add(log, f"package/{made.path}")
    monkeypatch.setattr(recording.npm, "FOLDER", tmp_path)
    monkeypatch.setattr(recording.npm, "npm", lambda: "npm")
    assert recording.main(["--check"]) == 1
    said = "samples/aava-n2k.data in signalk-server-2.32.0.tgz is not the log that is known: its sha256 is "
    assert capsys.readouterr().out.startswith(f"The streams are not made: {said}")


def assert_without_time_and_name(packed):
    assert packed[:3] == b"\x1f\x8b\x08"
    assert packed[3] == 0  # flags: no name, no comment
    assert packed[4:8] == bytes(4)  # no time


@every_stream
def test_a_file_has_neither_a_time_nor_a_name_in_it(stream):
    assert_without_time_and_name(streams.file(stream).read_bytes())


def test_the_same_lines_are_packed_into_the_same_bytes():
    text = "\n".join(itertools.islice(streams.lines("plaka"), 500)).encode()
    packed = recording.compressed(text)
    assert_without_time_and_name(packed)
    assert recording.compressed(text) == packed
    assert gzip.decompress(packed) == text


def test_they_are_small_enough_to_be_kept():
    assert sum(streams.file(name).stat().st_size for name in streams.NAMES) < 2_000_000


# That they are deltas.


@every_stream
def test_each_line_is_a_valid_delta_with_values(stream):
    for number, delta in enumerate(deltas(stream), 1):
        assert problems(delta) == [], number
        assert pairs(delta), number


@every_stream
def test_each_update_says_when_and_from_whom(stream):
    for delta in deltas(stream):
        for update in delta["updates"]:
            assert update["timestamp"]
            assert update["source"]["label"] == stream


def test_no_time_is_that_of_the_machine():
    """The log of NMEA 0183 is of four hours, with a clock of two seconds; that of NMEA 2000 of ten minutes."""
    times = {
        name: [update["timestamp"] for delta in deltas(name) for update in delta["updates"]] for name in streams.NAMES
    }
    assert (min(times["plaka"]), max(times["plaka"])) == ("2026-01-01T09:55:59.000Z", "2026-01-01T14:03:24.000Z")
    assert (min(times["aava-n2k"]), max(times["aava-n2k"])) == ("2014-08-15T19:00:00.042Z", "2014-08-15T19:09:59.970Z")
    for found in times.values():
        moments = [datetime.fromisoformat(text).timestamp() for text in found]
        steps = [after - before for before, after in itertools.pairwise(moments)]
        # The receiver's two clocks, those of GLL and ZDA, differ by a second at times.
        assert -1 <= min(steps) <= max(steps) <= 5


def test_they_are_about_what_instruments_say():
    paths = {name: {path for delta in deltas(name) for path, _ in pairs(delta)} for name in streams.NAMES}
    both = {"navigation.position", "navigation.speedOverGround", "environment.wind.speedApparent"}
    assert (
        both | {"environment.depth.belowTransducer", "navigation.speedThroughWater"}
        <= paths["plaka"] & paths["aava-n2k"]
    )
    contexts = {delta.get("context", "").rpartition(":")[0] for delta in deltas("aava-n2k")}
    assert {"", "vessels.urn:mrn:imo:mmsi", "shore.basestations.urn:mrn:imo:mmsi"} <= contexts


# What twins make of them.


def assert_like_the_model(name, package, stream, count):
    timeless = name in SLEEPING
    model = of_model(stream, count, timeless=timeless)
    seen = replayed(package(name), stream, count, timeless=timeless)
    # A component emits nothing that only core modules can.
    seen, model = (shared(seen), shared(model)) if name in COMPONENTS else (seen, model)
    assert in_short(seen) == in_short(model)
    assert seen == model


@every_stream
@pytest.mark.parametrize("name", [name for name in SMALL if name != MODEL])
def test_a_twin_makes_of_real_deltas_what_the_one_in_c_makes(name, stream, package):
    assert_like_the_model(name, package, stream, HEAD)


@pytest.mark.long
@every_stream
@pytest.mark.parametrize("name", [name for name in SMALL if name != MODEL])
def test_a_twin_makes_of_the_whole_log_what_the_one_in_c_makes(name, stream, package):
    assert_like_the_model(name, package, stream, None)


@pytest.mark.toolchain
@every_stream
@pytest.mark.parametrize("name", LARGE)
def test_a_large_twin_makes_of_the_whole_log_what_the_one_in_c_makes(name, stream, package):
    assert_like_the_model(name, package, stream, None)


@every_stream
def test_what_the_twin_in_c_makes_of_real_deltas(stream, snapshot):
    assert in_short(of_model(stream, HEAD)) == snapshot


def assert_well(seen, speeds):
    """No trap, nothing invalid, nothing refused; and it has heard every speed."""
    assert (seen["state"], seen["fault"], seen["error"]) == ("running", "", "")
    assert (seen["bad"], seen["invalid"], seen["dropped"]) == ([], [], [])
    assert f'"plugins.twin.heard","value":{speeds}}}' in "".join(seen["emitted"][-3:])


@pytest.mark.long
@every_stream
def test_a_twin_bears_the_whole_log_and_makes_the_same_of_it_twice(stream):
    speeds = sum(path == "navigation.speedOverGround" for delta in deltas(stream) for path, _ in pairs(delta))
    seen = of_model(stream, None)
    assert_well(seen, speeds)
    assert len(seen["emitted"]) > speeds / 2 > 2000
    assert replayed(read_package(corpus.plugin(MODEL)), stream, None) == seen


@every_stream
def test_a_twin_bears_the_beginning_of_the_log(stream):
    speeds = sum(path == "navigation.speedOverGround" for delta in deltas(stream)[:HEAD] for path, _ in pairs(delta))
    assert_well(of_model(stream, HEAD), speeds)


def test_virtual_time_goes_as_that_of_the_log():
    """So the twin has reported: after every ten seconds in which something was heard."""
    times = [delta["updates"][0]["timestamp"] for delta in deltas("plaka")[:HEAD]]
    seconds = (datetime.fromisoformat(max(times)) - datetime.fromisoformat(times[0])).total_seconds()
    reports = [line for line in of_model("plaka", HEAD)["emitted"] if "plugins.twin.report" in line]
    assert len(reports) == seconds // 10 > 20
