"""JSON on a command line, and sentences about what is none."""

from __future__ import annotations

import pytest

from refhost.arguments import example, json_object, json_object_or_file, json_value, sentence, text_in
from refhost.errors import ConfigurationError


def test_json_is_read():
    assert json_value(" [1] ") == [1]
    assert json_object('{"a": {"b": null}}') == {"a": {"b": None}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'' is not JSON"),
        ("{x", "'{x' is not JSON: Expecting property name"),
        ("NaN", "'NaN' is not JSON: NaN is not JSON"),
        ('"\udce4"', r"""'"\udce4"' is not UTF-8."""),
        ("[1]", "'[1]' is JSON, but not an object."),
        ("5" * 100, f"'{'5' * 60}' is JSON, but not an object."),
    ],
)
def test_what_is_no_object_is_said_with_what_would_be_right(text, said):
    with pytest.raises(ConfigurationError) as refusal:
        json_object(text, hint=example("--config", '{"a": 1}'))
    line = sentence("--config", refusal.value)
    assert line.startswith(f"--config: {said}")
    assert line.endswith("""Give a JSON object, such as --config='{"a": 1}'.""")


def test_a_file_is_relative_to_its_folder(tmp_path, monkeypatch):
    (tmp_path / "boat.json").write_text('{"a": "å"}', encoding="utf-8")
    assert json_object_or_file("@boat.json", folder=tmp_path) == {"a": "å"}
    assert json_object_or_file(f"@{tmp_path}/boat.json") == {"a": "å"}
    monkeypatch.chdir(tmp_path)
    assert json_object_or_file("@boat.json") == {"a": "å"}


@pytest.mark.parametrize("name", ["missing", ".", "a\0b", "x" * 300, "bytes"])
def test_a_file_that_cannot_be_read_is_said_in_a_sentence(tmp_path, name):
    (tmp_path / "bytes").write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match=r" cannot be read: .*\w\.$"):
        text_in(tmp_path / name)


def test_a_sentence_is_one_line_that_does_not_act_on_a_terminal():
    error = ConfigurationError("no\nno \x1b[2J", hint="Do \u202ethis.")
    assert sentence("--x", error) == "--x: no\\nno \\x1b[2J. Do \\u202ethis."
    assert sentence("", ConfigurationError("Did you mean this?")) == "Did you mean this?"
