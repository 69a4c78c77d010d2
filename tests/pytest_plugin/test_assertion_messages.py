"""What a failed `==` says in an author's own test: of deltas which path differs, of all else what it said before."""

import pytest
from plugin_files import write_package

HEAD = """
def value(number, path="a"):
    return {"context": "vessels.self", "updates": [{"$source": "me", "values": [{"path": path, "value": number}]}]}
"""


@pytest.fixture
def said(project):
    """Runs a comparison, and gives the lines that pytest says of it."""

    def compare(expression, *args, head=HEAD):
        project.pytester.makepyfile(test_boat=f"{head}\ndef test_own():\n    assert {expression}\n")
        result = project.run(*args)
        assert result.ret == 1
        return [line[1:].strip().removeprefix("AssertionError: ") for line in result.outlines if line.startswith("E  ")]

    return compare


def test_two_deltas(said):
    assert said("value(1) == value(2)") == [
        "assert a delta == a delta",
        "update 1, a: value is 1 on the left, 2 on the right",
    ]


def test_two_lists_of_deltas(said):
    assert said("[value(1), value(2, 'b')] == [value(2, 'b'), value(1), value(3)]") == [
        "assert 2 deltas == 3 deltas",
        "delta 3 is only there on the right: a",
        "delta 2 is delta 1 on the right",
    ]


def test_none_where_there_should_be_some(said):
    assert said("[] == [value(1)]") == [
        "assert 0 deltas == 1 delta",
        "delta 1 is only there on the right: a",
    ]


def test_many_differences_are_cut_off_and_shown_on_request(said):
    many = "[value(n, f'a{n}') for n in range(30)] == [value(n + 1, f'a{n}') for n in range(30)]"
    cut = said(many)
    assert len(cut) < 12
    assert "use '-vv' to show" in cut[-1]
    whole = said(many, "-vv")
    assert "delta 30: update 1, a29: value is 29 on the left, 30 on the right" in whole
    # Behind it, what pytest says of them.
    assert next(number for number, line in enumerate(whole) if line.startswith("Full diff:")) > 30


def test_a_plugins_deltas(project):
    write_package(project.path / "made")
    project.pytester.makepyfile(
        "def test_own(wasm_plugin):\n"
        "    wasm_plugin.start()\n"
        "    expected = [dict(delta) for delta in wasm_plugin.emitted]\n"
        "    expected[0] = {**expected[0], 'context': 'vessels.other'}\n"
        "    assert wasm_plugin.emitted == expected"
    )
    result = project.run("--wasm-plugin=made", "-k", "test_own")
    result.stdout.fnmatch_lines(
        ["E * delta 1: context is 'vessels.urn:mrn:*' on the left, 'vessels.other' on the right"]
    )


OTHERS = [
    "1 == 2",
    "'a' == 'b'",
    "[1] == [2]",
    "{'updates': 1} == {'updates': 2}",
    "{'updates': [1]} == {'updates': [2]}",
    "value(1) == 1",
    "value(1) == [value(1)]",
    "(value(1),) == [value(1)]",
    "value(1) != value(1)",
    "value(1) is value(1)",
    "[] == [1]",
    "value(1) in [value(2)]",
    "Odd() == Odd()",
    "Odd() == value(1)",
    "[Odd()] == [value(1)]",
]
ODD = f"""{HEAD}
class Odd(list):
    def __eq__(self, other): return False
    def __bool__(self): raise ValueError
    def __repr__(self): return "odd"
"""


@pytest.mark.parametrize("expression", OTHERS)
def test_everything_else_says_what_it_said(said, expression):
    assert said(expression, head=ODD) == said(expression, "-p", "no:signalk_wasm", head=ODD)
