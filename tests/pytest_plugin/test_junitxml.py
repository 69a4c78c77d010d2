"""`--junitxml`: well-formed whatever a plugin says, and nothing in it can be forged."""

from xml.etree import ElementTree as ET

from honest import Honest
from plugin_files import ALL, TRAPPING, WARNED, write_package
from wat import call, emit, text

NASTY = '\x1b[31m\0<script>alert(1)</script>]]><!-- </failure></testcase><testcase name="forged"/>\nFAILED forged'
NASTY_PLUGIN = Honest(status=call("sk_set_status", text(NASTY)), start=call("sk_debug", text(NASTY)), end=emit(NASTY))


def cases(project, *args):
    """The testcases by id, and the whole text."""
    result = project.run("--junitxml=out.xml", *args)
    written = (project.path / "out.xml").read_text("utf-8")
    suite = ET.fromstring(written).find("testsuite")
    found = {f"{case.get('classname')}.{case.get('name')}": case for case in suite.findall("testcase")}
    assert len(found) == len(suite.findall("testcase")) == int(suite.get("tests"))
    return result, suite, found, written


def properties(case):
    return {entry.get("name"): entry.get("value") for entry in case.iter("property")}


def test_outcomes(project):
    write_package(project.path / "made", WARNED)
    result, suite, found, _ = cases(project, "--wasm-plugin=made", "-k", "CAP-001 or CAP-002 or CAP-010")
    assert result.ret == 0
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("0", "0", "1")
    assert set(found) == {f"wat-plugin.CAP.CAP-{number:03}" for number in (1, 2, 10)}
    assert properties(found["wat-plugin.CAP.CAP-001"]) == {"wasm_requirement": "CAP-001", "wasm_outcome": "pass"}
    assert properties(found["wat-plugin.CAP.CAP-002"])["wasm_outcome"] == "warn"
    assert properties(found["wat-plugin.CAP.CAP-010"])["wasm_outcome"] == "not-applicable"
    skipped = found["wat-plugin.CAP.CAP-010"].find("skipped")
    assert skipped.get("message") == "not applicable: the plugin emits nothing"


def test_not_judged_is_a_failure(project):
    write_package(project.path / "made", TRAPPING)
    result, suite, found, _ = cases(project, "--wasm-plugin=made", "-k", "STATUS")
    assert result.ret == 1
    assert suite.get("failures") == suite.get("tests") == "5"
    failure = found["wat-plugin.STATUS.STATUS-001"].find("failure")
    assert "could not be judged: the plugin did not start" in failure.text


def test_what_a_plugin_says_forges_nothing(project):
    write_package(project.path / "made", NASTY_PLUGIN)
    result, suite, found, written = cases(project, "--wasm-plugin=made", "-k", "STATUS or DELTA-001 or LIFE-001")
    assert result.ret == 1
    assert len(found) == 7
    assert suite.get("failures") == "1"
    shown = found["wat-plugin.DELTA.DELTA-001"].find("failure").text
    assert r"it emitted \x1b[31m\x00<script>alert(1)</script>]]>" in shown
    assert r"\nFAILED forged" in shown
    for bad in ("\x1b", "\0", "<script>", "<!--"):
        assert bad not in written
    for line in result.outlines:
        assert "\x1b" not in line
        assert not line.startswith("FAILED forged")


def test_a_name_forges_nothing(project):
    write_package(project.path / "made", name=NASTY.replace("\0", ""))
    _, _, found, written = cases(project, "--wasm-plugin=made", "-k", "LIFE-001")
    assert len(found) == 1
    assert "\x1b" not in written


def test_in_several_processes(project):
    write_package(project.path / "made", NASTY_PLUGIN)
    args = ("--wasm-plugin=made", "-k", "STATUS or DELTA-001 or LIFE-001")
    _, _, one, _ = cases(project, *args)
    _, _, two, _ = cases(project, *args, "-n", "2")
    assert {name: properties(case) for name, case in one.items()} == {
        name: properties(case) for name, case in two.items()
    }
    assert ALL > len(one) == 7
