"""JSON on a command line, sentences about what is none, and files that are read line by line."""

from __future__ import annotations

import gzip
import random

import pytest
from allocating import less_than

from refhost.arguments import (
    LONGEST_LINE,
    example,
    json_object,
    json_object_or_file,
    json_value,
    lines_in,
    sentence,
    text_in,
)
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


PLAIN = "é 1\r\n\n  {}\nlast".encode()
LINES = ["é 1", "", "  {}", "last"]


PARTS = gzip.compress(PLAIN[:9]) + gzip.compress(PLAIN[9:])


@pytest.mark.parametrize("content", [PLAIN, gzip.compress(PLAIN), PARTS], ids=["plain", "packed", "packed in parts"])
def test_lines_are_read_packed_or_not(tmp_path, content):
    file = tmp_path / "log"
    file.write_bytes(content)
    assert list(lines_in(file)) == LINES


PACKED = gzip.compress(random.Random(7).randbytes(4000).hex().encode())
DAMAGED = {
    "end": PACKED[:-9],
    "checksum": PACKED[:-6] + b"\0\0" + PACKED[-4:],
    "content": PACKED[:30] + b"\xff" * 40 + PACKED[70:],
    "method": b"\x1f\x8b\x09" + PACKED[3:],
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_what_is_damaged_is_said_in_a_sentence(tmp_path, damage):
    file = tmp_path / "log.gz"
    file.write_bytes(DAMAGED[damage])
    with pytest.raises(ConfigurationError) as caught:
        list(lines_in(file))
    assert caught.value.message == (
        f"{file} cannot be read: what gzip has packed there is damaged, or its end is missing."
    )


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
def test_a_line_has_a_bound(tmp_path, pack):
    file = tmp_path / "log"
    file.write_bytes(pack(b"\n" + b"x" * (LONGEST_LINE - 1) + b"\n" + b" " * (LONGEST_LINE + 1)))
    read = lines_in(file)
    assert (next(read), len(next(read))) == ("", LONGEST_LINE - 1)
    with pytest.raises(ConfigurationError, match=f"cannot be read: its line 3 is longer than {LONGEST_LINE} bytes"):
        next(read)


def test_what_is_packed_is_never_in_memory_as_a_whole(tmp_path):
    """Thirty megabytes, out of a file that is a thousandth of that."""
    file = tmp_path / "log.gz"
    file.write_bytes(gzip.compress((b"x" * 999 + b"\n") * 30_000))
    with less_than(1_000_000):
        assert sum(map(len, lines_in(file))) == 999 * 30_000


def test_a_line_without_end_is_not_read_to_its_end(tmp_path):
    file = tmp_path / "log.gz"
    file.write_bytes(gzip.compress(bytes(8 * LONGEST_LINE), 1))
    with less_than(4 * LONGEST_LINE), pytest.raises(ConfigurationError, match="its line 1 is longer"):
        list(lines_in(file))
