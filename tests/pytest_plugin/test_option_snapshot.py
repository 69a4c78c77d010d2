"""`--wasm-snapshot` and its ini key: what a plugin emits over the corpus's deltas, recorded and compared."""

import pytest
from honest import DELTAS, Honest, delta_has, value
from plugin_files import ALL, TRAPPING, write_package
from wat import TRAP, when

from conformance.deltas import streams

ITEMS = [f"wat-plugin::SNAPSHOT::{name}" for name in streams()]
ONLY = ("--wasm-plugin=made", "--wasm-snapshot", "-k", "SNAPSHOT")
DELICATE = Honest(delta=when(delta_has('"path":"environment.depth.belowTransducer"'), TRAP))
CHANGED = Honest(deltas=(value("plugins.wat.starts", "2"), *DELTAS[1:]))


@pytest.fixture
def made(project):
    write_package(project.path / "made")
    return project


@pytest.fixture
def recorded(made):
    made.run(*ONLY, "--snapshot-update")
    return made


def files(project):
    return sorted(str(path.relative_to(project.path)) for path in project.path.rglob("__snapshots__/**/*.*"))


def text(project, name="wat-plugin.ordinary"):
    return (project.path / "__snapshots__" / "wasm_snapshot" / f"{name}.deltas").read_text("utf-8")


def test_without_it_there_are_no_items(made):
    assert len(made.ids("--wasm-plugin=made")) == ALL


def test_one_item_for_each_stream(made):
    assert streams() == ["edge", "ordinary"]
    assert made.ids("--wasm-plugin=made", "--wasm-snapshot")[-2:] == ITEMS
    assert made.ids(*ONLY) == ITEMS


def test_ini(made):
    made.pytester.makeini("[pytest]\nwasm_plugin = made\nwasm_snapshot = true")
    assert len(made.ids()) == ALL + len(ITEMS)
    assert len(made.ids("-o", "wasm_snapshot=false")) == ALL


def test_ini_without_a_plugin_says_nothing(project):
    project.pytester.makeini("[pytest]\nwasm_snapshot = true")
    project.pytester.makepyfile("def test_own(): pass")
    project.run().assert_outcomes(passed=1)


def test_without_a_record_it_fails_and_says_how_to_record(made):
    result = made.run(*ONLY)
    assert made.counts(result) == {"failed": 2}
    result.stdout.fnmatch_lines(
        [
            "what the plugin emits over the deltas 'ordinary' has no record yet",
            "  no deltas are recorded as 'SNAPSHOT.ordinary' in __snapshots__/wasm_snapshot/wat-plugin.ordinary.deltas",
            "  record them with --snapshot-update, and look at them before you trust them",
            "  again: pytest --wasm-plugin=made --wasm-snapshot wat-plugin::SNAPSHOT::ordinary",
        ]
    )
    assert not files(made)


def test_recorded_and_compared(recorded):
    assert files(recorded) == [
        "__snapshots__/wasm_snapshot/wat-plugin.edge.deltas",
        "__snapshots__/wasm_snapshot/wat-plugin.ordinary.deltas",
    ]
    result = recorded.run(*ONLY)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["2 snapshots passed."])


def test_what_is_recorded(recorded):
    written = text(recorded)
    assert "# name: SNAPSHOT.ordinary" in written
    assert "'path': 'plugins.wat.starts'," in written
    assert "'path': 'plugins.wat.heard'," in written  # its answers to the stream
    assert "'timestamp': '<time>'" in written
    assert "urn:mrn:signalk:uuid" not in written


def test_recording_twice_changes_nothing(recorded):
    before = text(recorded)
    recorded.run(*ONLY, "--snapshot-update")
    assert text(recorded) == before


def test_a_change_says_which_path(recorded):
    write_package(recorded.path / "made", CHANGED)
    result = recorded.run(*ONLY)
    assert recorded.counts(result) == {"failed": 2}
    result.stdout.fnmatch_lines(
        [
            "what the plugin emits over the deltas 'ordinary' is not what was recorded",
            "  delta 1: update 1, plugins.wat.starts: value is 2 now, 1 in the record",
            "  if this is meant, record it anew with --snapshot-update (*wat-plugin.ordinary.deltas)",
            "  again: pytest --wasm-plugin=made --wasm-snapshot wat-plugin::SNAPSHOT::ordinary",
            "FAILED wat-plugin::SNAPSHOT::ordinary - what the plugin emits over*",
        ]
    )
    recorded.run(*ONLY, "--snapshot-update")
    assert recorded.run(*ONLY).ret == 0


def test_what_again_says_can_be_pasted(recorded):
    write_package(recorded.path / "made", CHANGED)
    result = recorded.run("--wasm-plugin=made", "--wasm-snapshot", "wat-plugin::SNAPSHOT::ordinary")
    assert recorded.counts(result) == {"failed": 1}
    assert recorded.ids("--wasm-plugin=made", "--wasm-snapshot", "wat-plugin::SNAPSHOT") == ITEMS


def test_an_id_that_there_is_not(made):
    said = made.refused("--wasm-plugin=made", "--wasm-snapshot", "wat-plugin::SNAPSHOT::storm")
    assert said.startswith("wat-plugin::SNAPSHOT::storm: there is no such conformance item (did you mean ")
    assert "there is no such" in made.refused("--wasm-plugin=made", "wat-plugin::SNAPSHOT::ordinary")


def test_the_failed_ones_again(recorded):
    write_package(recorded.path / "made", Honest(delta=""))
    written = recorded.path / "__snapshots__" / "wasm_snapshot" / "wat-plugin.edge.deltas"
    written.write_text(written.read_text("utf-8").replace("'value': 1,", "'value': 7,", 1))
    assert recorded.counts(recorded.run(*ONLY)) == {"failed": 1, "passed": 1}
    result = recorded.run("--wasm-plugin=made", "--wasm-snapshot", "--lf", "-v")
    assert recorded.counts(result) == {"failed": 1}
    result.stdout.fnmatch_lines(["wat-plugin::SNAPSHOT::edge FAILED*"])


@pytest.mark.long
def test_in_two_processes(made):
    pytest.importorskip("xdist")
    made.run_apart(*ONLY, "-n", "2", "--snapshot-update")
    assert len(files(made)) == 2
    result = made.run_apart(*ONLY, "-n", "2")
    assert made.counts(result) == {"passed": 2}
    result.stdout.fnmatch_lines(["2 snapshots passed."])


def test_two_plugins_have_records_of_their_own(made):
    write_package(made.path / "other", CHANGED, name="@boats/other")
    made.run(*ONLY, "--wasm-plugin=other", "--snapshot-update")
    assert len(files(made)) == 4
    for name in ("made", "other"):
        result = made.run(f"--wasm-plugin={name}", "--wasm-snapshot", "-k", "SNAPSHOT")
        assert result.ret == 0
        result.stdout.no_fnmatch_line("*unused*")
    assert text(made, "_boats_other.ordinary") != text(made)


def test_beside_own_tests_and_their_snapshots(recorded):
    recorded.pytester.makepyfile(
        test_boat="def test_own(wasm_plugin, delta_snapshot):\n    assert wasm_plugin.emitted == delta_snapshot\n"
        "def test_text(snapshot):\n    assert 'text' == snapshot"
    )
    own = ("--wasm-plugin=made", "--wasm-snapshot", "-k", "SNAPSHOT or test_own or test_text")
    recorded.run(*own, "--snapshot-update")
    assert len(files(recorded)) == 4
    result = recorded.run(*own)
    result.stdout.fnmatch_lines(["4 snapshots passed."])
    # What belongs to the items is not taken for unused where they do not run.
    result = recorded.run("--wasm-plugin=made", "-k", "test_own or test_text", "--snapshot-update")
    assert len(files(recorded)) == 4


@pytest.mark.parametrize(
    ("plugin", "why"),
    [
        (TRAPPING, "the plugin did not start: plugin_start trapped*"),
        (DELICATE, "the plugin did not bear the deltas 'ordinary': delta_handler trapped*"),
    ],
)
def test_a_plugin_that_does_not_get_through_fails(made, plugin, why):
    write_package(made.path / "made", plugin)
    result = made.run(*ONLY, "--snapshot-update")
    assert made.counts(result).pop("failed")
    result.stdout.fnmatch_lines([f"nothing to compare: {why}"])
    assert "__snapshots__/wasm_snapshot/wat-plugin.ordinary.deltas" not in files(made)


def test_without_syrupy(made):
    said = made.refused("--wasm-plugin=made", "--wasm-snapshot", "-p", "no:syrupy")
    assert said == "--wasm-snapshot needs the pytest plugin syrupy, which is switched off here."


def test_without_a_plugin(project):
    assert project.refused("--wasm-snapshot") == (
        "--wasm-snapshot: no plugin is judged in this run. Add --wasm-plugin=PATH."
    )
