"""The delta streams of the corpus, made anew from the logs that signalk-server comes with, and judged by the schema."""

from __future__ import annotations

import json
import re

import pytest
from delta_schema import installed

from corpus import streams
from corpus.streams import recording

pytestmark = pytest.mark.npm


@pytest.fixture(scope="module")
def made():
    return {name: recording.make(name) for name in streams.NAMES}


def test_what_is_committed_is_what_the_logs_give(made):
    assert recording.differences(made) == []


@pytest.mark.parametrize("name", streams.NAMES)
def test_twice_the_same_bytes(made, name):
    again = recording.make(name)
    assert again == made[name]
    assert recording.compressed(again) == recording.compressed(made[name])


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/St_Johns"])
def test_they_are_the_same_in_every_place(made, monkeypatch, zone):
    run = recording.run
    monkeypatch.setattr(recording, "run", lambda command, work, variables=None: run(command, work, {"TZ": zone}))
    assert {name: recording.make(name) for name in streams.NAMES} == made


def test_the_command_compares(capsys):
    assert recording.main(["--check"]) == 0
    assert capsys.readouterr().out == "The streams are what their logs give.\n"


def test_the_schema_accepts_a_delta_of_each_shape(tmp_path):
    """Those alike but for their digits are alike to the schema, but for a source's aisType, which there is none of."""
    shapes = {re.sub(r"\d+", "0", line): line for name in streams.NAMES for line in streams.lines(name)}
    assert len(shapes) > 100
    assert not any("aisType" in shape for shape in shapes)
    accepts = installed(tmp_path)
    assert [line for line in shapes.values() if not accepts(json.loads(line))] == []
