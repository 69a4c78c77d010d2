"""`--wasm-baseline` and its ini key: known failures; `--wasm-baseline-update` writes them."""

import json
import tomllib
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from honest import CAPABILITIES, Honest
from plugin_files import NO_DELTA, TRAPPING, WARNED, write_package
from wat import emit

NAME = "wat-plugin"
BASELINE = "--wasm-baseline=known.toml"
UPDATE = "--wasm-baseline-update"


@pytest.fixture
def made(project):
    write_package(project.path / "made", NO_DELTA)
    return project


def entry(requirement, plugin=NAME, **more):
    """An entry of a baseline."""
    rows = {"plugin": plugin, "requirement": requirement, **more}
    return "\n".join(["[[known]]", *(f"{key} = {json.dumps(value)}" for key, value in rows.items())]) + "\n"


def write(project, *entries, name="known.toml"):
    file = project.path / name
    file.write_text("".join(entries), "utf-8")
    return file


def judge(project, *args, k="DELTA-001 or LIFE-001"):
    return project.run("--wasm-plugin=made", "-k", k, *args)


def entries(project):
    """What a baseline holds, by requirement."""
    found = tomllib.loads((project.path / "known.toml").read_text("utf-8"))["known"]
    return {row["requirement"]: row for row in found}


def test_a_failure_that_is_known_is_no_news(made):
    write(made, entry("DELTA-001", reason="the sensor's own format"))
    result = judge(made, BASELINE)
    assert result.ret == 0
    assert made.counts(result) == {"passed": 1, "known": 1}
    result.stdout.fnmatch_lines(["DELTA   1 known to fail", "known to fail: DELTA-001: the sensor's own format"])


def test_it_is_judged_all_the_same(made):
    """Listed is not left out: what does not fail any more fails the run."""
    write(made, entry("DELTA-001"), entry("LIFE-001", reason="long ago"))
    result = judge(made, BASELINE)
    assert result.ret == 1
    assert made.counts(result) == {"failed": 1, "known": 1}
    said = "it holds, and known.toml lists it as a known failure (long ago). Remove the entry; "
    assert f"LIFE-001: {said}--wasm-baseline-update does so." in result.outlines
    result.stdout.fnmatch_lines(
        ["LIFE    1 stale in the baseline", f"FAILED {NAME}::LIFE::LIFE-001 - LIFE-001: it holds*"]
    )


def test_what_does_not_apply_any_more_is_stale(project):
    write_package(project.path / "made", WARNED)
    write(project, entry("DELTA-001"))
    result = judge(project, BASELINE)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["DELTA-001: it does not apply to the plugin, and known.toml lists it*"])


def test_another_failure_fails(made):
    write_package(made.path / "made", Honest(end=emit("speed=3.85") + emit("3.85")))
    write(made, entry("DELTA-002"))
    result = judge(made, BASELINE, k="DELTA-001 or DELTA-002")
    assert result.ret == 1
    assert made.counts(result) == {"failed": 1, "known": 1}


def test_a_warning_that_is_known(project):
    write_package(project.path / "made", WARNED)
    write(project, entry("CAP-002", reason="so it is"))
    result = judge(project, BASELINE, k="CAP-002 or CAP-001")
    assert result.ret == 0
    assert project.counts(result) == {"passed": 1, "known": 1}


def test_only_known_failures_are_a_success(made):
    """Something was judged, and nothing is new."""
    write(made, entry("DELTA-001"))
    assert judge(made, BASELINE, k="DELTA-001").ret == 0


@pytest.mark.parametrize("deselect", [["-k", "LIFE-001"], [f"--deselect={NAME}::DELTA"], [f"{NAME}::LIFE::LIFE-001"]])
def test_what_was_not_run_is_not_stale(made, deselect):
    write(made, entry("DELTA-001"), entry("DELTA-003"))
    assert made.run("--wasm-plugin=made", BASELINE, "-k", "LIFE-001", *deselect).ret == 0


def test_several_plugins_and_one_file(project):
    write_package(project.path / "one", NO_DELTA, name="one")
    write_package(project.path / "two", NO_DELTA, name="two")
    write(project, entry("DELTA-001", "one"))
    args = ("--wasm-plugin=one", "--wasm-plugin=two", "-k", "DELTA-001", BASELINE)
    result = project.run(*args)
    assert project.counts(result) == {"known": 1, "failed": 1}
    write(project, entry("DELTA-001", "one"), entry("DELTA-001", "two"))
    assert project.run(*args).ret == 0


def test_an_entry_is_of_one_profile(made):
    """The server of the other profile lacks functions that the plugin imports, and so does not load it."""
    args = ("--wasm-plugin=made", "-k", "DELTA-001", "--wasm-profile=all", BASELINE)
    write(made, entry("DELTA-001"))
    assert made.counts(made.run(*args)) == {"known": 1, "not judged": 1}
    write(made, entry("DELTA-001", profile="signalk-server-2.32"))
    assert made.counts(made.run(*args)) == {"known": 1, "failed": 1}
    assert made.run(*args, UPDATE).ret == 0
    assert made.counts(made.run(*args)) == {"known": 2}
    rows = tomllib.loads((made.path / "known.toml").read_text("utf-8"))["known"]
    assert [row.get("profile") for row in rows] == [None, "signalk-server-2.32"]
    assert rows[1]["seen"].startswith(
        "could not be judged: the plugin could not be loaded: wat-plugin cannot be linked: "
    )
    # With one profile the entry of the other is not judged, and so not stale.
    assert made.run(*args[:3], BASELINE).ret == 0


def test_in_several_processes(made):
    write(made, entry("DELTA-001"), entry("LIFE-001"))
    one, two = judge(made, BASELINE), judge(made, BASELINE, "-n", "2")
    assert one.ret == two.ret == 1
    assert made.counts(one) == made.counts(two)


def test_ini(made):
    write(made, entry("DELTA-001"))
    made.pytester.makeini("[pytest]\nwasm_plugin = made\nwasm_baseline = known.toml")
    assert made.run("-k", "DELTA-001").ret == 0


def test_ini_is_relative_to_the_ini_file_and_the_command_line_wins(made, monkeypatch):
    folder = made.path / "settings"
    folder.mkdir()
    write(made, entry("DELTA-001"), name="settings/known.toml")
    (folder / "pytest.ini").write_text("[pytest]\nwasm_plugin = ../made\nwasm_baseline = known.toml")
    assert made.run("-c", "settings/pytest.ini", "-k", "DELTA-001").ret == 0
    write(made)
    assert made.run("-c", "settings/pytest.ini", "-k", "DELTA-001", BASELINE).ret == 1


def test_some_of_the_projects_plugins(made):
    """Entries of those that are not judged this time are no mistake."""
    write_package(made.path / "other", name="other")
    write(made, entry("DELTA-001"), entry("DELTA-001", "other"))
    made.pytester.makeini("[pytest]\nwasm_plugin = made other\nwasm_baseline = known.toml")
    assert made.run("--wasm-plugin=made", "-k", "DELTA-001").ret == 0


def test_junitxml(made):
    write(made, entry("DELTA-001", reason="noisy"))
    judge(made, BASELINE, "--junitxml=out.xml")
    suite = ET.parse(made.path / "out.xml").getroot().find("testsuite")
    assert (suite.get("failures"), suite.get("skipped")) == ("0", "1")
    (case,) = [case for case in suite.findall("testcase") if case.get("name") == "DELTA-001"]
    assert case.find("skipped").get("message") == "known failure: noisy"
    properties = {row.get("name"): row.get("value") for row in case.iter("property")}
    assert properties["wasm_outcome"] == "known"


def test_a_reason_cannot_act_on_the_terminal(made):
    write(made, entry("DELTA-001", reason="\x1b[2J\nFAILED forged"))
    result = judge(made, BASELINE, "-v")
    assert r"known to fail: DELTA-001: \x1b[2J\nFAILED forged" in result.outlines
    assert "\x1b" not in "".join(result.outlines)


# --wasm-baseline-update


def test_an_update_writes_what_fails(made):
    result = judge(made, BASELINE, UPDATE)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["wasm-baseline: known.toml: known failures: 1; new: 1; removed: 0"])
    assert entries(made) == {
        "DELTA-001": {
            "plugin": NAME,
            "requirement": "DELTA-001",
            "reason": "not explained yet",
            "seen": "delta number 5 that it emitted: it is not JSON: Expecting value at character 0",
            "case": "it emitted speed=3.85",
        }
    }
    assert judge(made, BASELINE).ret == 0


def test_an_update_removes_what_does_not_fail_and_keeps_reasons(made):
    write(
        made,
        entry("DELTA-001", reason="noisy", seen="long ago"),
        entry("LIFE-001", reason="mended"),
        entry("DELTA-003", reason="not judged this time"),
        entry("DELTA-001", "another", reason="not in this run"),
    )
    result = judge(made, BASELINE, UPDATE)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["wasm-baseline: known.toml: known failures: 3; new: 0; removed: 1"])
    text = (made.path / "known.toml").read_text("utf-8")
    assert [row["reason"] for row in tomllib.loads(text)["known"]] == [
        "not in this run",
        "noisy",
        "not judged this time",
    ]
    assert "long ago" not in text


@pytest.mark.long
def test_an_update_is_the_same_each_time(made):
    write_package(made.path / "made", Honest(end=emit("speed=3.85") + emit("3.85")))
    judge(made, BASELINE, UPDATE, k="DELTA")
    first = (made.path / "known.toml").read_bytes()
    judge(made, BASELINE, UPDATE, "-n", "2", k="DELTA")
    assert (made.path / "known.toml").read_bytes() == first
    assert len(entries(made)) > 1


def test_an_update_names_no_place_on_this_machine(project):
    """What fails while the plugin is loaded, or could not be judged at all."""
    write_package(project.path / "made", replace(TRAPPING, schema="{'type':'object'}"))
    assert judge(project, BASELINE, UPDATE, k="LIFE or STATUS or META-006").ret == 0
    text = (project.path / "known.toml").read_text("utf-8")
    assert "META-006" in text
    assert str(project.path) not in text
    assert entries(project)["STATUS-001"]["seen"].startswith("could not be judged: ")


def test_only_what_was_judged_is_written(made):
    """A fault of the harness is no failure of the plugin; a run that judged nothing changes nothing."""
    made.pytester.makepyfile("def test_own(): raise AssertionError")
    file = write(made, entry("DELTA-003"))
    before = file.read_text()
    made.run("--wasm-plugin=made", BASELINE, UPDATE, "-k", "test_own")
    judge(made, BASELINE, UPDATE, "--collect-only")
    assert file.read_text() == before


def test_a_file_that_cannot_be_written_after_all(made, monkeypatch):
    def full(path, _):
        raise OSError(28, "No space left on device", str(path))

    write_package(made.path / "made")
    monkeypatch.setattr("conformance.baseline.replace_text", full)
    result = judge(made, BASELINE, UPDATE)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["wasm-baseline: known.toml cannot be written: No space left on device."])


def test_what_a_plugin_says_is_kept_as_words(project):
    nasty = 'x"\n[[known]]\nplugin = "forged" \x1b'
    write_package(project.path / "made", Honest(end=emit(nasty), capabilities=CAPABILITIES))
    judge(project, BASELINE, UPDATE)
    assert set(entries(project)) == {"DELTA-001"}
    assert "\x1b" not in (project.path / "known.toml").read_text("utf-8")
    assert judge(project, BASELINE).ret == 0


# What cannot be used


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("known = [", "known.toml is not TOML: "),
        ('{"known": []}', "known.toml is not TOML: "),
        ("version = 1", 'known.toml has no use for "version". An entry is '),
        (entry("delta-001"), "known.toml, entry 1: there is no requirement delta-001 (did you mean DELTA-001?)."),
        (entry("DETLA-001"), "known.toml, entry 1: there is no requirement DETLA-001 (did you mean DELTA-001?)."),
        (entry("DELTA-001", reson="x"), 'known.toml, entry 1: it has "reson" (did you mean reason?). An entry is '),
        (
            entry("DELTA-001", "wat-plugn"),
            'It lists DELTA-001 of "wat-plugn", and no plugin of this run is called so (did you mean wat-plugin?).',
        ),
        (entry("DELTA-001", "\x1b[31m"), r'It lists DELTA-001 of "\x1b[31m", and no plugin of this run is called so.'),
        (entry("DELTA-001", profile="signalk"), "known.toml, entry 1: There is no profile 'signalk'"),
    ],
)
def test_a_bad_file(made, text, message):
    write(made, text)
    said = made.refused("--wasm-plugin=made", BASELINE)
    assert said.startswith(f"{BASELINE}: ")
    assert message in said


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none.toml", "No such file or directory"),
        ("nowhere", "No such file or directory"),
        ("made", "Is a directory"),
        ("made/package.json/x", "Not a directory"),
    ],
)
def test_a_file_that_cannot_be_read(made, name, reason):
    (made.path / "nowhere").symlink_to("no such file")
    assert made.refused("--wasm-plugin=made", f"--wasm-baseline={name}") == (
        f"--wasm-baseline={name}: {made.path / name} cannot be read: {reason}."
    )


def test_a_file_that_is_no_text(made):
    (made.path / "known.toml").write_bytes(b"\xff\xfe")
    said = made.refused("--wasm-plugin=made", BASELINE)
    assert said == f"{BASELINE}: {made.path / 'known.toml'} cannot be read: it is not UTF-8."


def test_an_empty_file_lists_nothing(made):
    write(made)
    assert judge(made, BASELINE, k="LIFE-001").ret == 0


def test_a_bad_file_of_the_ini_file(made):
    made.pytester.makeini("[pytest]\nwasm_plugin = made\nwasm_baseline = none.toml")
    assert made.refused().startswith("wasm_baseline=none.toml: ")


@pytest.mark.parametrize("name", ["made/package.json/known.toml", "/proc/none/known.toml"])
def test_a_file_that_cannot_be_written(made, name):
    said = made.refused("--wasm-plugin=made", f"--wasm-baseline={name}", UPDATE)
    assert said.startswith(f"--wasm-baseline={name}: ")


def test_an_update_of_nothing(made):
    assert made.refused("--wasm-plugin=made", UPDATE) == (
        "--wasm-baseline-update: name the file that it is to write with --wasm-baseline."
    )


def test_no_plugin(project):
    write(project)
    assert project.refused(BASELINE) == "--wasm-baseline: no plugin is judged in this run. Add --wasm-plugin=PATH."


def test_in_several_processes_it_is_refused_once(made):
    write(made, "known = [")
    made.refused("--wasm-plugin=made", BASELINE, "-n", "2", apart=True)
