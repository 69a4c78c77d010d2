"""The kill matrix: what is red, that it is the same each time, and the page."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt
from reports import HOSTILE

import conformance.endurance
import conformance.trial
import corpus.mutants
from conformance.catalogue import catalogue
from conformance.cli import main
from conformance.host_catalogue import host_catalogue
from conformance.host_mutants import HOST_MUTANTS
from conformance.kill import command
from conformance.kill.depth import MUTANT_CALL_SECONDS, QUICK, looking
from conformance.kill.jury import Finding, Tried, all_tried, tried
from conformance.kill.matrix import Matrix, few_matrix, whole_matrix
from conformance.kill.page import counts, page, safe
from conformance.kill.proven import proven_text
from conformance.kill.task import HONEST_HOST, Task, all_tasks, ids, named_tasks
from conformance.trace import proven, proven_of_hosts
from conformance.verdict import Outcome
from refhost.errors import ConfigurationError

PASS = Finding(Outcome.PASS)
FAILS = Finding(Outcome.FAIL, "seen")
WARNS = Finding(Outcome.WARN, "seen")
UNJUDGED = Finding(Outcome.FAIL, "could not be judged", cascade=True)
ONE = "DELTA-001"
OTHER = "DELTA-002"


def mutant(name=ONE, breaks=(ONE,), *, error="", kind="plugin mutant", fault="It is broken.", **findings):
    """What came of a mutant; the findings are by ids with `_`."""
    found = {one.replace("_", "-"): finding for one, finding in findings.items()}
    return Tried(Task(kind, name, breaks, (), "twin-c", fault), found, error)


def honest(name="twin-c", *, error="", **findings):
    """What came of one that is honest."""
    found = {one.replace("_", "-"): finding for one, finding in findings.items()}
    return Tried(Task("plugin", name, (), ()), found, error)


KILLED = mutant(DELTA_001=FAILS, DELTA_002=PASS)
WELL = honest(DELTA_001=PASS)


def wrong(*found, plugins=(ONE,), hosts=()):
    return Matrix(found, plugins, hosts).wrong()


def test_all_is_well():
    assert wrong(KILLED, WELL) == []
    assert wrong(mutant(DELTA_001=WARNS), WELL) == []


def test_nothing_judged_is_red():
    assert wrong(plugins=()) == ["Nothing was judged at all."]


def test_a_mutant_that_nothing_kills_is_red():
    assert wrong(KILLED, mutant("DELTA-001 more", DELTA_001=PASS, DELTA_002=UNJUDGED)) == [
        "The plugin mutant 'DELTA-001 more' is killed by nothing.",
        "The plugin mutant 'DELTA-001 more' is not killed by DELTA-001: pass.",
    ]


def test_a_mutant_that_another_requirement_kills_is_red():
    assert wrong(KILLED, mutant("DELTA-001 more", DELTA_001=PASS, DELTA_002=FAILS)) == [
        "The plugin mutant 'DELTA-001 more' is not killed by DELTA-001: pass."
    ]


def test_what_could_not_be_judged_kills_nothing():
    assert wrong(mutant(DELTA_001=UNJUDGED, DELTA_002=FAILS)) == [
        "The plugin mutant 'DELTA-001' is not killed by DELTA-001: fail could not be judged.",
        "DELTA-001 is unproven: no mutant that is made for it fails it.",
    ]


def test_a_host_mutant_must_fail_all_that_name_it():
    both = mutant("lies", ("HVFS-001", "HVFS-002"), kind="host mutant", HVFS_001=FAILS, HVFS_002=PASS)
    assert wrong(both, plugins=(), hosts=("HVFS-001", "HVFS-002")) == [
        "The host mutant 'lies' is not killed by HVFS-002: pass.",
        "HVFS-002 is unproven: no mutant that is made for it fails it.",
    ]


def test_a_host_mutant_that_no_row_names_is_red():
    assert wrong(mutant("lies", (), kind="host mutant", HVFS_001=FAILS), plugins=()) == [
        "The host mutant 'lies' is in no row of conformance/host_requirements/proven.toml; it is killed by HVFS-001."
    ]


def test_a_requirement_that_kills_none_is_red():
    """By the mutants that are made for it: that it fails others, too, proves nothing."""
    assert wrong(KILLED, mutant(DELTA_001=FAILS, DELTA_002=FAILS), plugins=(ONE, OTHER)) == [
        "DELTA-002 is unproven: no mutant that is made for it fails it."
    ]


@pytest.mark.parametrize("finding", [FAILS, WARNS, UNJUDGED])
def test_an_honest_one_that_fails_is_red(finding):
    assert wrong(KILLED, honest(DELTA_002=finding)) == [f"The honest plugin twin-c breaks DELTA-002: {finding.reason}"]


def test_a_warning_that_the_corpus_explains_is_not():
    assert wrong(KILLED, honest("fetch-assemblyscript", STATUS_005=WARNS)) == []
    assert wrong(KILLED, honest("twin-c", STATUS_005=WARNS)) != []


def test_an_honest_one_that_nothing_judged_is_red():
    assert wrong(KILLED, honest()) == ["The honest plugin twin-c could not be judged: by no requirement"]


def test_what_could_not_be_judged_at_all_is_red_and_said_safely():
    said = wrong(KILLED, mutant("DELTA-001 more", error="\x1b[2J no package"))
    assert said == ["The plugin mutant 'DELTA-001 more' could not be judged: \\x1b[2J no package"]


def test_everything_must_be_proven():
    every = whole_matrix([KILLED, WELL])
    assert every.plugins == ids(catalogue())
    assert every.hosts == ()
    assert few_matrix([KILLED]).plugins == (ONE,)


# ---- what there is to judge ---------------------------------------------------------------------------------------


def test_everything_is_judged():
    tasks = all_tasks()
    by_kind = {kind: [task.name for task in tasks if task.kind == kind] for kind in {task.kind for task in tasks}}
    assert by_kind["plugin mutant"] == list(corpus.mutants.mutants())
    assert by_kind["host mutant"] == list(HOST_MUTANTS)
    assert by_kind["plugin"] == corpus.plugins()
    assert by_kind["host"] == [HONEST_HOST]
    for task in tasks:
        judged = {*task.breaks, *task.others}
        assert len(judged) == len(task.breaks) + len(task.others)
        if not task.is_host:
            assert judged == set(ids(catalogue()))


def test_host_mutants_are_judged_by_their_groups_or_all():
    about, *_ = named_tasks(["`..` leads out of the tree"])
    groups = {one.partition("-")[0] for one in about.breaks}
    assert {one.partition("-")[0] for one in about.others} == groups
    assert {*about.breaks, *about.others} < set(ids(host_catalogue()))
    whole, *_ = named_tasks(["`..` leads out of the tree"], whole=True)
    assert {*whole.breaks, *whole.others} == set(ids(host_catalogue()))


def test_mutants_are_named_by_their_requirement_too():
    assert named_tasks(["delta-001"])[0].name == ONE
    assert {task.name for task in named_tasks(["HVFS-011"])} == set(proven_of_hosts()["HVFS-011"])
    with pytest.raises(ConfigurationError, match="did you mean DELTA-001"):
        named_tasks(["DETLA-001"])
    with pytest.raises(ConfigurationError, match="No mutant is made for SAME-001"):
        named_tasks(["SAME-001"])


def test_the_tables_of_what_is_proven():
    """What `trace` calls proven is what the mutants are made for: the kill matrix shows that they are killed by it."""
    found = {}
    for name, made in corpus.mutants.mutants().items():
        found.setdefault(made.requirement, []).append(name)
    again = "run: python -m conformance kill"
    assert proven() == {one: sorted(names) for one, names in found.items()}, again
    assert set(proven()) == set(ids(catalogue())), again
    assert set(proven_of_hosts()) == set(ids(host_catalogue()))
    assert {name for names in proven_of_hosts().values() for name in names} == set(HOST_MUTANTS)


# ---- judging ------------------------------------------------------------------------------------------------------

TASKS = [
    Task("plugin mutant", ONE, (ONE,), (OTHER, "LIFE-001"), "twin-c", "…"),
    Task("host mutant", "`..` leads out of the tree", ("HVFS-005",), ("HVFS-001",), HONEST_HOST),
    Task("plugin", "hello-c", (), ("DELTA-001", "DELTA-004")),
    Task("host", HONEST_HOST, (), ("HVFS-001",)),
]


def test_judging_is_the_same_in_any_number_of_processes():
    done = []
    here = all_tried(TASKS, processes=1, done=lambda: done.append(1))
    assert len(done) == len(TASKS)
    there = all_tried(TASKS, processes=2, done=lambda: done.append(1))
    assert len(done) == 2 * len(TASKS)
    assert here == there == [tried(task) for task in TASKS]
    assert here[0].findings[ONE].is_broken
    assert not here[0].error
    assert [finding.outcome for finding in here[2].findings.values()] == [Outcome.PASS, Outcome.PASS]


def test_what_cannot_be_judged_says_why(monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("of a check")

    monkeypatch.setattr("conformance.kill.jury.judge", broken)
    assert tried(TASKS[2]).error == "ZeroDivisionError: of a check"


def test_a_host_mutant_that_raises_did_not_survive(monkeypatch):
    def ends(*_):
        raise RecursionError("deep")

    monkeypatch.setattr("conformance.kill.jury.judge_host", ends)
    assert tried(TASKS[1]).broken == ["HVFS-005", "HVFS-001"]
    assert tried(TASKS[3]).error == "RecursionError: deep"


@pytest.mark.long
def test_a_mutant_that_hangs_costs_its_own_limit():
    hanging = tried(Task("plugin mutant", "LIFE-005", ("LIFE-005",), (ONE,), "twin-c", "…"))
    assert hanging.broken == ["LIFE-005"]
    assert hanging.findings[ONE].cascade
    assert f"{MUTANT_CALL_SECONDS:g} s" in hanging.findings["LIFE-005"].reason


def test_what_is_changed_for_judging_is_put_back():
    before = conformance.endurance.DELTAS, conformance.trial.CALL_SECONDS
    with looking(QUICK, call_seconds=1.5):
        assert (QUICK.deltas, 1.5) == (conformance.endurance.DELTAS, conformance.trial.CALL_SECONDS)
        assert len(conformance.endurance.MEASURED) == 4
    assert before == (conformance.endurance.DELTAS, conformance.trial.CALL_SECONDS)


# ---- the page -----------------------------------------------------------------------------------------------------

HOST_KILLED = mutant("lies", ("HVFS-001",), kind="host mutant", HVFS_001=FAILS)
MATRIX = Matrix((KILLED, HOST_KILLED, WELL), (ONE, OTHER), ("HVFS-001",))


def test_counts():
    assert list(counts(MATRIX)) == [
        "2 of 3 requirements proven",
        "1 of 1 plugin mutants killed by the requirement that they are made for",
        "1 of 1 host mutants killed by the requirement that they are made for",
        "0 of 1 honest plugins failed",
        "0 of 0 honest hosts failed",
    ]


def test_the_page_has_each_requirement_with_its_mutants():
    text = page(MATRIX)
    assert "- **2 of 3 requirements proven**" in text
    assert "| DELTA-001 | DELTA-001 | twin-c | It is broken. | yes |  |" in text
    assert "| DELTA-002 | none | | | **unproven** | |" in text
    assert "| HVFS-001 | lies | yes |  |" in text
    assert "| twin-c | 1 | 1 | nothing |" in text
    for group in (*catalogue(), *host_catalogue()):
        assert f"### {group.name}: " in text


def test_the_page_says_that_a_warning_is_explained():
    text = page(Matrix((honest("fetch-assemblyscript", STATUS_005=WARNS),), (), ()))
    assert "| fetch-assemblyscript | 1 | 1 | STATUS-005 (a warning that corpus/README.md explains) |" in text


def test_long_lists_are_short():
    many = {one.replace("-", "_"): FAILS for one in ids(catalogue())[:60]}
    row = next(line for line in page(Matrix((mutant(**many),), (ONE,), ())).splitlines() if "It is broken." in line)
    assert row.endswith("LOAD-001, LOAD-002, LOAD-003, LOAD-004, LOAD-005, LOAD-006 and 53 more |")


def test_a_mutant_cannot_write_the_page():
    text = page(Matrix((mutant(fault=HOSTILE, DELTA_001=FAILS),), (ONE,), ()))
    shown = MarkdownIt("gfm-like", {"linkify": False}).enable("table").render(text)
    assert "<script" not in shown
    assert "<img" not in shown
    assert 'evil.example"' not in shown
    assert shown.count("<h1>") == 1
    assert "\x1b" not in text
    assert safe("a|b\n# c") == "a\\|b\\\\n\\# c"


def test_the_page_in_the_repository_names_all_mutants():
    text = (Path(__file__).parents[2] / command.PAGE).read_text("utf-8")
    cells = {cell for line in text.splitlines() for cell in line.split(" | ")}
    assert [name for name in (*corpus.mutants.mutants(), *HOST_MUTANTS) if safe(name) not in cells] == []
    assert f"**{len(ids(catalogue())) + len(ids(host_catalogue()))} of " in text


def test_what_is_proven_of_plugins():
    assert proven_text(MATRIX.killers).endswith('[proven]\nDELTA-001 = ["DELTA-001"]\n')


# ---- the command --------------------------------------------------------------------------------------------------


@pytest.fixture
def kill(tmp_path, monkeypatch):
    """Runs the command in a checkout that is made up, with what is found made up, too."""
    for file in (command.PAGE, command.PROVEN):
        (tmp_path / file).parent.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    def run(*args, found=(KILLED, WELL), code=0):
        monkeypatch.setattr(command, "all_tasks", lambda **_: [one.task for one in found])
        monkeypatch.setattr(command, "all_tried", lambda *_, done, **__: [done(), *found][1:])
        monkeypatch.setattr(command, "whole_matrix", lambda some: Matrix(some, (ONE,), ()))
        result = CliRunner().invoke(main, ["kill", *args])
        assert result.exit_code == code, result.output
        return result.output

    return run


def test_the_command_writes_what_was_found(kill):
    assert "1 of 1 requirements proven" in kill()
    assert command.PAGE.read_text("utf-8") == page(Matrix((KILLED, WELL), (ONE,), ()))
    assert command.PROVEN.read_text("utf-8") == proven_text({ONE: [ONE]})
    kill("--check")


def test_red_is_said_in_words_and_by_the_exit_code(kill):
    assert "The honest plugin twin-c breaks DELTA-001: seen\n" in kill(found=(KILLED, honest(DELTA_001=FAILS)), code=1)
    assert "Nothing was judged at all.\n" in kill(found=(), code=1)


@pytest.mark.parametrize("file", [command.PAGE, command.PROVEN])
def test_check_finds_what_has_changed(kill, file):
    kill()
    file.write_text("old")
    assert f"{file} is not what was found: run `python -m conformance kill`" in kill("--check", code=1)
    assert file.read_text() == "old"
    file.unlink()
    kill("--check", code=1)


@pytest.mark.parametrize("args", [("DELTA-001",), ("--only", "plugins"), ("--whole",)])
def test_a_part_writes_nothing(kill, args):
    kill(*args)
    assert not command.PAGE.exists()


def test_a_named_mutant_has_a_line(kill):
    assert "DELTA-001: killed by DELTA-001\n" in kill("DELTA-001")


def test_usage_errors_are_sentences(kill):
    assert "Error: --check compares docs/kill-matrix.md as a whole" in kill("--check", "DELTA-001", code=2)
    assert "Error: Names and --only exclude each other" in kill("--only", "hosts", "DELTA-001", code=2)
    assert "did you mean DELTA-001" in kill("DETLA-001", code=2)
    command.PROVEN.parent.rmdir()
    assert "Error: There is no folder for docs/kill-matrix.md here" in kill(code=2)
