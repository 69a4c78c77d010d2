"""What an author reads: of a failure, a warning, what does not apply, and what could not be judged."""

import re
import shlex
from importlib.metadata import version

import pytest
from honest import CAPABILITIES, Honest
from packaged import Packaged
from plugin_files import ALL, NO_DELTA, TRAPPING, WARNED, write_package
from wat import TRAP, call, emit, text, when

from conformance.catalogue import catalogue, requirement


def normalised(result, folder):
    """The output without what differs from run to run and from machine to machine."""
    lines = [line.rstrip() for line in result.outlines]
    start = next(i for i, line in enumerate(lines) if line.startswith("signalk-wasm:"))
    kept = [line for line in lines[start:] if not line.startswith(("rootdir: ", "plugins: ", "configfile: "))]
    shown = "\n".join(kept).replace(str(folder), "<project>")
    for package in ("pytest-signalk-wasm", "wasmtime"):
        shown = shown.replace(version(package), f"<{package}>")
    shown = re.sub(r"buffer, \d+ bytes", "buffer, <n> bytes", shown)
    shown = re.sub(r"Inside function \d+", "Inside function <n>", shown)
    shown = re.sub(r"\d+ (items /|deselected)", r"<n> \1", shown)
    shown = re.sub(r"in \d+\.\d+s", "in <time>", shown)
    return re.sub(r"={2,}|_{4,}", lambda rule: rule[0][0] * 3, shown)


def part(result, label):
    """The lines of one part of the only failure: `seen`, `case` …"""
    lines = iter(result.outlines)
    found = [line for line in lines if line.startswith(f"{label:<10}")]
    assert len(found) == 1
    found[0] = found[0][10:]
    found += _while_indented(result.outlines, label)
    return found


def _while_indented(lines, label):
    start = next(i for i, line in enumerate(lines) if line.startswith(f"{label:<10}"))
    found = []
    for line in lines[start + 1 :]:
        if not line.startswith(" " * 10):
            break
        found.append(line.strip())
    return found


def test_every_outcome_as_it_is_shown(project, snapshot):
    """A requirement that holds, one that does not, a warning, and one that does not apply."""
    capabilities = {**CAPABILITIES, "network": True}
    write_package(project.path / "made", Honest(end=emit("3.85"), exports={"poll": ""}, capabilities=capabilities))
    result = project.run("--wasm-plugin=made", "-k", "LIFE-001 or LIFE-006 or DELTA-002 or CAP-004")
    assert result.ret == 1
    assert project.counts(result) == {"passed": 1, "failed": 1, "warned": 1, "not applicable": 1}
    assert normalised(result, project.path) == snapshot


def test_what_cannot_be_judged_as_it_is_shown(project, snapshot):
    write_package(project.path / "made", TRAPPING)
    result = project.run("--wasm-plugin=made", "-k", "LIFE-001 or STATUS-001 or STATUS-002")
    assert result.ret == 1
    assert project.counts(result) == {"failed": 1, "not judged": 2}
    assert normalised(result, project.path) == snapshot


@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_the_short_summary_is_one_line_on_a_ci_machine_too(project, monkeypatch, workers):
    """There pytest shows the whole of a message; ours is a title, the rest stands above."""
    monkeypatch.setenv("CI", "true")
    write_package(project.path / "made", TRAPPING)
    result = project.run("--wasm-plugin=made", "-k", "LIFE-001", *workers)
    lines = iter(result.outlines)
    assert any("short test summary info" in line for line in lines)
    title = "`start` returns: it neither traps, aborts nor exits. [LIFE-001, MUST, contract §9]"
    assert next(lines) == f"FAILED wat-plugin::LIFE::LIFE-001 - {title}"
    assert "1 failed" in next(lines)


def test_an_honest_plugin(project):
    """It passes everything that is about it: it has no providers, no sockets, and raises no alarm."""
    Packaged().write(project.path / "made")
    result = project.run("--wasm-plugin=made")
    assert result.ret == 0
    not_offered = {"RES", "WX", "RADAR", "STREAM", "SOCK", "FETCH"}
    counts = {group.name: len(group.requirements) for group in catalogue()}
    passed_over = sum(counts[name] for name in not_offered) + 2 + 5
    judged = ALL - passed_over
    assert project.counts(result) == {"passed": judged, "not applicable": passed_over}
    outcome = {name: "not applicable" if name in not_offered else "passed" for name in counts}
    tables = {name: f"{name:<8}{count} {outcome[name]}" for name, count in counts.items()}
    tables["NOTE"] = "NOTE    2 passed, 2 not applicable"
    tables["CAP"] = f"CAP     {counts['CAP'] - 5} passed, 5 not applicable"
    shown = ["*= conformance of wat-plugin =*", *tables.values(), f"{judged} of {ALL} requirements judged."]
    result.stdout.fnmatch_lines(shown, consecutive=True)


def test_every_part_of_a_failure(project):
    write_package(project.path / "made", NO_DELTA)
    result = project.run("--wasm-plugin=made", "-k", "DELTA-001")
    broken = requirement("DELTA-001")
    assert f"{broken.text} [DELTA-001, MUST, contract {broken.section}]" in result.outlines
    assert part(result, "seen") == ["delta number 5 that it emitted: it is not JSON: Expecting value at character 0"]
    case = part(result, "case")
    assert case[0].startswith("1. load ")
    assert case[1:] == ['2. start {"greeting":"hello"}', "3. it emitted speed=3.85"]
    assert part(result, "why") == [broken.why]
    assert part(result, "mend") == [broken.mend]
    assert "[refused] sk_handle_message: the delta is not JSON: Expecting value at character 0" in part(result, "log")
    assert part(result, "again") == ["pytest --wasm-plugin=made wat-plugin::DELTA::DELTA-001"]


@pytest.mark.parametrize(
    ("folder", "args"),
    [
        ("made", []),
        ("made here, it's mine", []),
        ("made", ['--wasm-capabilities={"httpEndpoints": true}']),
        ("made", ['--wasm-config={"boat": "Aino & Väinö"}']),
        ("made", ["--wasm-config=@boat.json"]),
    ],
)
def test_again_shows_it_again(project, folder, args):
    (project.path / "boat.json").write_text("{}")
    write_package(project.path / folder, NO_DELTA)
    first = project.run(f"--wasm-plugin={folder}", *args, "-k", "DELTA-001 or LIFE-001")
    assert_again_fails(project, first)


def assert_again_fails(project, first):
    program, *words = shlex.split(part(first, "again")[0])
    assert program == "pytest"
    again = project.run(*words)
    assert again.ret == 1
    assert project.counts(again) == {"failed": 1}
    assert part(again, "seen") == part(first, "seen")
    assert part(again, "again") == part(first, "again")


def test_again_in_a_shell(project):
    write_package(project.path / "it's mine", NO_DELTA)
    first = project.run("--wasm-plugin=it's mine", "-k", "DELTA-001")
    _, *words = shlex.split(part(first, "again")[0])
    result = project.run_apart(*words)
    assert result.ret == 1
    assert part(result, "seen") == part(first, "seen")


def test_again_of_a_plugin_in_the_ini_file(project, monkeypatch):
    write_package(project.path / "made", NO_DELTA)
    project.pytester.makeini("[pytest]\nwasm_plugin = made")
    (project.path / "deep").mkdir()
    monkeypatch.chdir(project.path / "deep")
    assert_again_fails(project, project.run("-k", "DELTA-001"))


def test_again_of_the_second_plugin_of_a_name(project):
    write_package(project.path / "one")
    write_package(project.path / "two", NO_DELTA)
    first = project.run("--wasm-plugin=one", "--wasm-plugin=two", "-k", "DELTA-001")
    assert project.counts(first)["failed"] == 1
    assert_again_fails(project, first)


def test_a_warning_does_not_fail(project):
    write_package(project.path / "made", WARNED)
    result = project.run("--wasm-plugin=made", "-k", "CAP-002 or CAP-001")
    assert result.ret == 0
    assert project.counts(result) == {"passed": 1, "warned": 1}
    result.stdout.fnmatch_lines(
        [
            "CAP     1 passed, 1 warned",
            "CAP-002 (SHOULD): Every capability that the plugin's imports need is declared.",
            "*seen: it imports functions whose capability it does not hold: sk_handle_message needs dataWrite",
            "*mend: Add the capability to wasmCapabilities, or drop the import.",
        ],
        consecutive=False,
    )


def test_with_v_a_warning_has_the_steps_that_lead_to_it(project):
    write_package(project.path / "made", WARNED)
    told = "With -v each warning has the steps that lead to it."
    assert told in project.run("--wasm-plugin=made", "-k", "CAP-002").outlines
    lines = project.run("--wasm-plugin=made", "-k", "CAP-002", "-v").outlines
    assert told not in lines
    assert lines[lines.index(next(line for line in lines if line.startswith("        seen: "))) :][1:5] == [
        f"        case: load {project.path / 'made'}",
        '        case: start {"greeting":"hello"}',
        "        mend: Add the capability to wasmCapabilities, or drop the import.",
        "        again: pytest --wasm-plugin=made wat-plugin::CAP::CAP-002",
    ]


def test_a_warning_without_steps_promises_none(project):
    write_package(project.path / "made", description=None)
    result = project.run("--wasm-plugin=made", "-k", "PKG-003")
    assert project.counts(result) == {"warned": 1}
    result.stdout.no_fnmatch_line("*With -v*")


def test_words_of_every_outcome(project):
    write_package(project.path / "made", WARNED)
    found = project.outcomes("--wasm-plugin=made", "-k", "CAP")
    assert found["wat-plugin::CAP::CAP-001"] == "PASSED"
    assert found["wat-plugin::CAP::CAP-002"] == "WARN"
    assert found["wat-plugin::CAP::CAP-010"] == "N/A"
    write_package(project.path / "made", TRAPPING)
    found = project.outcomes("--wasm-plugin=made", "-k", "LIFE")
    assert found["wat-plugin::LIFE::LIFE-001"] == "FAILED"
    assert found["wat-plugin::LIFE::LIFE-002"] == "NOT JUDGED"


def test_what_does_not_apply(project):
    write_package(project.path / "made", WARNED)
    result = project.run("--wasm-plugin=made", "-k", "CAP-001 or CAP-002 or CAP-010")
    assert result.ret == 0
    assert project.counts(result)["not applicable"] == 1
    result.stdout.fnmatch_lines(
        ["2 of 3 requirements judged.", "*", "not applicable: CAP-010: the plugin emits nothing"]
    )


def test_nothing_applies(project):
    write_package(project.path / "made", WARNED)
    result = project.run("--wasm-plugin=made", "-k", "DELTA-001 or DELTA-002")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert project.counts(result) == {"not applicable": 2}
    result.stdout.fnmatch_lines(
        [
            "0 of 2 requirements judged.",
            "not applicable: DELTA-001, DELTA-002: the plugin does not hold the capability dataWrite",
            "Nothing applied, so nothing was judged: that is no success.",
        ]
    )


def test_nothing_is_selected(project):
    write_package(project.path / "made")
    assert project.run("--wasm-plugin=made", "-k", "nothing").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_plugin_that_traps_in_start(project):
    write_package(project.path / "made", TRAPPING)
    result = project.run("--wasm-plugin=made")
    assert result.ret == 1
    outcomes = project.counts(result)
    assert sum(outcomes.values()) == ALL
    assert outcomes["not judged"] > ALL // 3  # of the rest, most is not about it
    failed = [line for line in result.outlines if line.startswith("FAILED ")]
    assert failed[0].startswith("FAILED wat-plugin::LIFE::LIFE-001 - ")
    deltas = next(len(group.requirements) for group in catalogue() if group.name == "DELTA")
    result.stdout.fnmatch_lines([f"DELTA   {deltas} not judged"])
    result.stdout.fnmatch_lines(
        ["* not judged, and so failed: the plugin did not start: plugin_start trapped: unreachable*"]
    )


def test_not_judged_alone_fails(project):
    write_package(project.path / "made", TRAPPING)
    result = project.run("--wasm-plugin=made", "-k", "STATUS")
    assert result.ret == 1
    assert project.counts(result) == {"not judged": 5}
    result.stdout.fnmatch_lines(["0 of 5 requirements judged."])


def test_each_plugin_has_a_table(project):
    write_package(project.path / "one", name="one")
    write_package(project.path / "two", NO_DELTA, name="two")
    result = project.run("--wasm-plugin=one", "--wasm-plugin=two", "-k", "DELTA-001 or LIFE-001")
    result.stdout.fnmatch_lines(
        [
            "*= conformance of one =*",
            "LIFE    1 passed",
            "DELTA   1 passed",
            "2 of 2 requirements judged.",
            "*= conformance of two =*",
            "LIFE    1 passed",
            "DELTA   1 failed",
            "2 of 2 requirements judged.",
        ]
    )


def test_a_fault_of_the_harness_is_shown_as_one(project, monkeypatch):
    def broken(*_):
        raise RuntimeError("the harness is broken")

    monkeypatch.setattr("pytest_plugin.selected.judge", broken)
    write_package(project.path / "made")
    result = project.run("--wasm-plugin=made", "-k", "LIFE-001")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*RuntimeError: the harness is broken"])


def test_a_trap_never_ends_the_process(project):
    """An engine that is made before pytest switches Python's fault handler on, as by a conftest that loads a plugin."""
    write_package(project.path / "made", TRAPPING)
    project.pytester.makeconftest("from refhost.engine import engine\nengine()")
    result = project.run_apart("--wasm-plugin=made", "-k", "LIFE-001")
    assert result.ret == 1


def test_what_a_plugin_says_cannot_act_on_the_terminal(project):
    nasty = text("\x1b[2J\x1b]0;title\x07\r\u202eFAILED\nFAILED forged::id")
    said = call("sk_set_status", nasty) + call("sk_set_error", nasty) + call("sk_debug", nasty)
    denied = when(f"(i32.eqz (call $sk_has_capability {text('dataWrite')}))", TRAP)
    write_package(project.path / "made", Honest(start=said + denied, name="\x1b[2J\nFAILED forged::id"))
    result = project.run("--wasm-plugin=made", "-k", "CAP-006 or STATUS or META")
    assert result.ret == 1
    shown = "\n".join(result.outlines)
    assert not [c for c in shown if c != "\n" and not c.isprintable()]
    assert not [line for line in result.outlines if line.startswith("FAILED forged")]
    assert r"\x1b[2J\x1b]0;title\x07\r\u202eFAILED\nFAILED forged::id" in shown
