"""`delta_snapshot`: recorded with `--snapshot-update`, compared ever after, beside the author's own tests."""

import pytest
from honest import DELTAS, Honest, value
from plugin_files import write_package

TEST = """
def test_own(wasm_plugin, signalk, delta_snapshot):
    signalk.advance(START)
    wasm_plugin.start()
    assert wasm_plugin.emitted == delta_snapshot
"""
OWN = ("--wasm-plugin=made", "-k", "test_own")


@pytest.fixture
def made(project):
    write_package(project.path / "made")
    write_test(project)
    return project


def write_test(project, start=0, name="test_boat"):
    project.pytester.makepyfile(**{name: TEST.replace("START", str(start))})


def recorded(project):
    return sorted(str(path.relative_to(project.path)) for path in project.path.rglob("__snapshots__/**/*.*"))


def test_without_a_record_it_fails(made):
    result = made.run(*OWN)
    assert made.counts(result) == {"failed": 1}
    result.stdout.fnmatch_lines(["E *   record them with --snapshot-update, and look at them before you trust them"])
    assert not recorded(made)


def test_recorded_and_compared(made):
    made.run(*OWN, "--snapshot-update")
    result = made.run(*OWN)
    assert result.ret == 0
    assert made.counts(result) == {"passed": 1}
    result.stdout.fnmatch_lines(["1 snapshot passed."])


def test_where_it_lies(made):
    write_package(made.path / "other", name="@boats/other")
    write_test(made, name="deep/test_dinghy")
    made.run("--wasm-plugin=made", "--wasm-plugin=other", "-k", "test_own", "--snapshot-update")
    assert recorded(made) == [
        "__snapshots__/test_boat/_boats_other.deltas",
        "__snapshots__/test_boat/wat-plugin.deltas",
        "deep/__snapshots__/test_dinghy/_boats_other.deltas",
        "deep/__snapshots__/test_dinghy/wat-plugin.deltas",
    ]
    result = made.run("--wasm-plugin=made", "--wasm-plugin=other", "-k", "test_own")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["4 snapshots passed."])


def test_without_the_fixture_of_a_plugin(project):
    write_package(project.path / "made")
    project.pytester.makepyfile(
        test_boat="def test_own(load_wasm_plugin, delta_snapshot):\n"
        "    with load_wasm_plugin() as plugin, plugin.running():\n"
        "        assert plugin.emitted == delta_snapshot"
    )
    project.run(*OWN, "--snapshot-update")
    assert recorded(project) == ["__snapshots__/test_boat/deltas.deltas"]


def test_a_change_fails_and_is_shown(made):
    made.run(*OWN, "--snapshot-update")
    changed = (value("plugins.wat.starts", "2"), *DELTAS[1:])
    write_package(made.path / "made", Honest(deltas=changed))
    result = made.run(*OWN)
    assert made.counts(result) == {"failed": 1}
    result.stdout.fnmatch_lines(
        [
            "E * the deltas are not those that were recorded:",
            "E *   delta 1: update 1, plugins.wat.starts: value is 2 now, 1 in the record",
            "E *   if this is meant, record it anew with --snapshot-update (__snapshots__/test_boat/wat-plugin.deltas)",
        ]
    )
    made.run(*OWN, "--snapshot-update")
    assert made.run(*OWN).ret == 0


def test_a_delta_too_many_fails(made):
    made.run(*OWN, "--snapshot-update")
    write_package(made.path / "made", Honest(deltas=(*DELTAS, value("plugins.wat.more", "1"))))
    assert made.counts(made.run(*OWN)) == {"failed": 1}


def test_times_and_the_own_vessel_are_marked(made):
    made.run(*OWN, "--snapshot-update")
    text = (made.path / "__snapshots__" / "test_boat" / "wat-plugin.deltas").read_text("utf-8")
    assert "'timestamp': '<time>'" in text
    assert "'context': 'vessels.self'" in text
    assert "2026-" not in text
    assert "urn:mrn:signalk:uuid" not in text
    write_test(made, start=86_400)
    assert made.run(*OWN).ret == 0


def test_times_as_values_are_marked_too(project):
    # A plugin that emits the time as a value.
    now = value("plugins.wat.since", '"2026-02-03T04:05:06.789Z"')
    write_package(project.path / "made", Honest(deltas=(now,)))
    write_test(project)
    project.run(*OWN, "--snapshot-update")
    text = (project.path / "__snapshots__" / "test_boat" / "wat-plugin.deltas").read_text("utf-8")
    assert "'value': '<time>'" in text


def test_a_single_delta_can_be_compared(made):
    made.pytester.makepyfile(
        test_boat="def test_own(wasm_plugin, delta_snapshot):\n"
        "    wasm_plugin.start()\n"
        "    assert wasm_plugin.emitted[0] == delta_snapshot\n"
        "    assert wasm_plugin == delta_snapshot(name='all')"
    )
    made.run(*OWN, "--snapshot-update")
    result = made.run(*OWN)
    result.stdout.fnmatch_lines(["2 snapshots passed."])


def test_syrupys_own_fixture_is_left_alone(made):
    made.pytester.makepyfile(test_boat="def test_own(wasm_plugin, snapshot):\n    assert wasm_plugin.name == snapshot")
    made.run(*OWN, "--snapshot-update")
    assert recorded(made) == ["__snapshots__/test_boat.ambr"]


def test_another_plugins_record_is_neither_unused_nor_deleted(made):
    write_package(made.path / "other", name="other")
    made.run("--wasm-plugin=other", "-k", "test_own", "--snapshot-update")
    made.run("--wasm-plugin=made", "-k", "test_own", "--snapshot-update")
    assert recorded(made) == ["__snapshots__/test_boat/other.deltas", "__snapshots__/test_boat/wat-plugin.deltas"]
    for name in ("other", "made"):
        result = made.run(f"--wasm-plugin={name}", "test_boat.py", "-k", "test_own")
        assert result.ret == 0
        result.stdout.fnmatch_lines(["1 snapshot passed."])
        result.stdout.no_fnmatch_line("*snapshot* unused*")


def test_what_is_unused_in_its_own_record_is_deleted(made):
    made.run("--wasm-plugin=made", "-k", "test_own", "--snapshot-update")
    (made.path / "test_boat.py").write_text(TEST.replace("START", "0").replace("test_own", "test_new"))
    made.run("--wasm-plugin=made", "--snapshot-update", "test_boat.py", "--deselect=wat-plugin")
    text = (made.path / "__snapshots__" / "test_boat" / "wat-plugin.deltas").read_text("utf-8")
    assert "test_new" in text
    assert "test_own" not in text


def test_recording_warns_of_nothing(made):
    result = made.run(*OWN, "--snapshot-update", "-W", "error")
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*warning*")


@pytest.mark.parametrize("more", [(), ("--snapshot-ignore-file-extensions=png",)])
def test_another_plugins_record_beside_syrupys_own_fixture(made, more):
    made.pytester.makepyfile(test_dinghy="def test_other(snapshot): assert 1 == snapshot")
    write_package(made.path / "other", name="other")
    made.run("--wasm-plugin=other", "--deselect=other", "--snapshot-update", *more)
    made.run("--wasm-plugin=made", "--deselect=wat-plugin", "--snapshot-update", *more)
    assert "__snapshots__/test_boat/other.deltas" in recorded(made)
    result = made.run("--wasm-plugin=made", "--deselect=wat-plugin", *more)
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*snapshot* unused*")


def test_recorded_with_several_and_compared_with_one(made):
    write_package(made.path / "other", name="other")
    made.run("--wasm-plugin=made", "--wasm-plugin=other", "-k", "test_own", "--snapshot-update")
    assert made.run(*OWN).ret == 0
