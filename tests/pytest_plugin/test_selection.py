"""Which items of a plugin run: pasted ids, and pytest's own ways to choose."""

import pytest
from plugin_files import ALL, HONEST, NO_DELTA, write_package

OWN = "def test_own(): pass\ndef test_other(): pass"


@pytest.fixture
def made(project):
    write_package(project.path / "made")
    return project


def count(ids, start):
    return sum(line.startswith(start) for line in ids)


def test_id_of_an_item(made):
    assert made.ids("--wasm-plugin=made", "wat-plugin::LIFE::LIFE-002") == ["wat-plugin::LIFE::LIFE-002"]


def test_id_of_a_group(made):
    ids = made.ids("--wasm-plugin=made", "wat-plugin::LIFE")
    assert 5 < len(ids) < ALL
    assert count(ids, "wat-plugin::LIFE::LIFE-") == len(ids)


def test_id_of_a_plugin(made):
    assert len(made.ids("--wasm-plugin=made", "wat-plugin")) == ALL


def test_several_ids(made):
    ids = made.ids("--wasm-plugin=made", "wat-plugin::VFS::VFS-001", "wat-plugin::LIFE::LIFE-002")
    assert ids == ["wat-plugin::LIFE::LIFE-002", "wat-plugin::VFS::VFS-001"]


def test_ids_leave_own_tests_out(made):
    made.pytester.makepyfile(test_boat=OWN)
    assert made.ids("--wasm-plugin=made", "wat-plugin::LIFE::LIFE-002") == ["wat-plugin::LIFE::LIFE-002"]


def test_id_together_with_an_own_test(made):
    made.pytester.makepyfile(test_boat=OWN)
    ids = made.ids("--wasm-plugin=made", "test_boat.py::test_own", "wat-plugin::LIFE::LIFE-002")
    assert sorted(ids) == ["test_boat.py::test_own", "wat-plugin::LIFE::LIFE-002"]


def test_a_file_of_the_plugins_name_is_the_file(made):
    made.pytester.makepyfile(**{"wat-plugin/test_boat": OWN})
    ids = made.ids("--wasm-plugin=made", "wat-plugin")
    assert count(ids, "wat-plugin/test_boat.py::") == 2
    assert made.ids("--wasm-plugin=made", "wat-plugin::LIFE::LIFE-002") == ["wat-plugin::LIFE::LIFE-002"]


def test_id_of_the_second_plugin_of_a_name(made):
    write_package(made.path / "other")
    ids = made.ids("--wasm-plugin=made", "--wasm-plugin=other", "wat-plugin-2::LIFE::LIFE-002")
    assert ids == ["wat-plugin-2::LIFE::LIFE-002"]


def test_keyword(made):
    assert made.ids("--wasm-plugin=made", "-k", "CAP-010") == ["wat-plugin::CAP::CAP-010"]
    rest = made.ids("--wasm-plugin=made", "-k", "LIFE and not LIFE-002")
    assert count(rest, "wat-plugin::LIFE") == len(rest) > 1
    assert "wat-plugin::LIFE::LIFE-002" not in rest


def test_level_as_keyword(made):
    should = made.ids("--wasm-plugin=made", "-k", "SHOULD")
    must = made.ids("--wasm-plugin=made", "-k", "MUST")
    assert len(should) + len(must) == ALL
    assert "wat-plugin::CAP::CAP-002" in should
    assert "wat-plugin::CAP::CAP-001" in must


def test_plugin_as_keyword(made):
    write_package(made.path / "other", name="other")
    ids = made.ids("--wasm-plugin=made", "--wasm-plugin=other", "-k", "other")
    assert count(ids, "other::") == len(ids) == ALL


def test_marker(made):
    made.pytester.makeini("[pytest]\nmarkers = wet: gets wet")
    made.pytester.makepyfile(test_boat="import pytest\n@pytest.mark.wet\ndef test_own(): pass")
    assert made.ids("--wasm-plugin=made", "-m", "wet") == ["test_boat.py::test_own"]
    assert count(made.ids("--wasm-plugin=made", "-m", "not wet"), "wat-plugin::") == ALL


def test_deselect(made):
    ids = made.ids("--wasm-plugin=made", "--deselect=wat-plugin::LIFE", "--deselect=wat-plugin::CAP::CAP-001")
    assert not count(ids, "wat-plugin::LIFE")
    assert "wat-plugin::CAP::CAP-001" not in ids
    assert "wat-plugin::CAP::CAP-002" in ids


def test_collect_only_shows_a_tree(made):
    result = made.run("--wasm-plugin=made", "--collect-only")
    result.stdout.fnmatch_lines(
        ["*<PluginCollector wat-plugin>", "*<GroupCollector LOAD>", "*<ConformanceItem LOAD-001>"]
    )
    result.stdout.no_fnmatch_line("*requirements judged*")


def test_last_failed(project):
    write_package(project.path / "made", NO_DELTA)
    project.pytester.makepyfile(test_boat=OWN)
    some = ("--wasm-plugin=made", "-k", "DELTA-001 or DELTA-002 or LIFE-001 or test_own")
    first = project.run(*some)
    assert project.counts(first) == {"failed": 1, "passed": 3}
    again = project.run("--wasm-plugin=made", "--lf", "-v")
    again.stdout.fnmatch_lines(["wat-plugin::DELTA::DELTA-001 FAILED*"])
    assert project.counts(again)["failed"] == 1
    assert "passed" not in project.counts(again)
    write_package(project.path / "made", HONEST)
    mended = project.run("--wasm-plugin=made", "--lf")
    assert mended.ret == 0
    assert project.counts(mended)["passed"] == 1


def test_last_failed_of_own_tests(made):
    made.pytester.makepyfile(test_boat="def test_own(): assert 0")
    made.run("--wasm-plugin=made", "-k", "LIFE-001 or test_own")
    again = made.run("--wasm-plugin=made", "--lf")
    assert made.counts(again)["failed"] == 1
    assert "passed" not in made.counts(again)


def test_failed_first(project):
    write_package(project.path / "made", NO_DELTA)
    project.run("--wasm-plugin=made", "-k", "DELTA-001")
    result = project.run("--wasm-plugin=made", "--ff", "--collect-only", "-q")
    assert result.outlines[0] == "wat-plugin::DELTA::DELTA-001"


def test_exit_first(project):
    write_package(project.path / "made", NO_DELTA)
    result = project.run("--wasm-plugin=made", "-x", "wat-plugin::LIFE::LIFE-001", "wat-plugin::DELTA")
    assert result.ret == 1
    assert project.counts(result) == {"passed": 1, "failed": 1}


def test_stepwise(project):
    write_package(project.path / "made", NO_DELTA)
    some = ("--wasm-plugin=made", "-k", "LIFE-001 or DELTA-001 or DELTA-002", "--stepwise")
    assert project.counts(project.run(*some)) == {"passed": 1, "failed": 1}
    write_package(project.path / "made", HONEST)
    assert project.counts(project.run(*some))["passed"] == 2
