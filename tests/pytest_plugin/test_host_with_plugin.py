"""`--wasm-host` with `--wasm-plugin`: a plugin judged in one host, and compared in two."""

import shlex
import sys

import other_host
import pytest
from plugin_files import ALL, NO_DELTA, TRAPPING, WARNED, write_package

from conformance.report.reading import read


def other(change="none"):
    return f"exec:{shlex.join([sys.executable, other_host.__file__, change])}"


def host(spec):
    return f"--wasm-host={spec}"


# In one host.


def test_the_reference_host_is_what_there_is_anyway(project):
    write_package(project.path / "made", NO_DELTA)
    args = ("--wasm-plugin=made", "-k", "DELTA-001 or LIFE-001")
    assert project.outcomes(*args, host("refhost")) == project.outcomes(*args)


def test_in_another_host(project):
    write_package(project.path / "made", NO_DELTA)
    result = project.run("--wasm-plugin=made", host(other()), "-v", "-k", "DELTA-001 or LIFE-001", "--wasm-report=out")
    assert result.ret == 1
    name = "wat-plugin@other-host"
    result.stdout.fnmatch_lines(
        [
            "signalk-wasm: *, host other-host, profile documented, *",
            "wasm-plugin: wat-plugin *",
            "wasm-host: other-host * (exec:*) has every feature",
            f"{name}::LIFE::LIFE-001 PASSED *",
            f"{name}::DELTA::DELTA-001 FAILED *",
            f"again     pytest --wasm-plugin=made '--wasm-host={other()}' {name}::DELTA::DELTA-001",
            f"*= conformance of {name} =*",
        ]
    )
    (report,) = read(project.path / "out")
    assert (report.subject.kind, report.subject.name, report.host) == ("plugin", "wat-plugin", "other-host")


def test_all_ids(project):
    write_package(project.path / "made")
    ids = project.ids("--wasm-plugin=made", host(other()))
    assert len(ids) == ALL
    assert all(name.startswith("wat-plugin@other-host::") for name in ids)
    pasted = project.run("--wasm-plugin=made", host(other()), "wat-plugin@other-host::LIFE::LIFE-001")
    assert project.counts(pasted) == {"passed": 1}


def test_what_the_host_does_not_show_does_not_apply(project):
    """What takes no notice of files is judged all the same."""
    write_package(project.path / "made")
    result = project.run("--wasm-plugin=made", host(other("no files")), "-v", "-k", "LIFE-001 or VFS-001 or VFS-004")
    assert result.ret == 0
    assert project.counts(result) == {"passed": 1, "not applicable": 2}
    result.stdout.fnmatch_lines(
        ["not applicable: VFS-001: The host other-host does not have the feature file-operations: it shows each*"]
    )


def test_profiles_are_of_the_reference_host(project):
    write_package(project.path / "made", WARNED)
    args = ("--wasm-plugin=made", "--wasm-profile=all", "-k", "LIFE-001")
    assert project.ids(*args, host("refhost")) == [
        "wat-plugin::LIFE::LIFE-001",
        "wat-plugin@signalk-server-2.32::LIFE::LIFE-001",
    ]
    assert project.ids(*args, host(other())) == ["wat-plugin@other-host::LIFE::LIFE-001"]


def test_fixtures_have_the_reference_host(project):
    write_package(project.path / "made")
    project.pytester.makepyfile("def test_own(wasm_plugin): assert wasm_plugin.host.publish('a.b', 1) is None")
    result = project.run("--wasm-plugin=made", host(other()), "-k", "test_own")
    assert project.counts(result) == {"passed": 1}


# In two hosts.

PAIR = "wat-plugin@refhost=other-host"


@pytest.mark.parametrize("more", [[], pytest.param(["-n", "2"], marks=pytest.mark.long)])
def test_two_hosts_that_do_the_same(project, more):
    write_package(project.path / "made")
    result = project.run("--wasm-plugin=made", host("refhost"), host(other()), *more)
    assert result.ret == 0
    assert project.counts(result) == {"passed": 4}
    result.stdout.fnmatch_lines([f"*= conformance of {PAIR} =*", "SAME    4 passed"])


def test_the_first_difference_is_shown(project):
    write_package(project.path / "made")
    args = ("--wasm-plugin=made", host("refhost"), host(other("status")))
    result = project.run(*args, "--wasm-report=out")
    assert result.ret == 1
    assert project.counts(result) == {"failed": 1, "not judged": 3}
    again = f"pytest --wasm-plugin=made --wasm-host=refhost '--wasm-host={other('status')}' {PAIR}::SAME::SAME-001"
    result.stdout.fnmatch_lines(
        [
            f"*_ {PAIR}::SAME::SAME-001 _*",
            "Loaded, started, left alone for a while and stopped, a plugin does the same in both *[[]SAME-001, MUST, *",
            "seen      after `start it` the hosts differ:",
            "          status: * on refhost, 'muttering' on other-host",
            "case      1. load *made",
            "          2. start {*}",
            f"again     {again}",
            "3 not judged, and so failed: the hosts differ without any delta (see SAME-001): *",
        ]
    )
    assert project.counts(project.run(*shlex.split(again)[1:])) == {"failed": 1}
    (report,) = read(project.path / "out")
    assert (report.subject.name, report.host) == ("wat-plugin", "refhost=other-host")


def test_every_plugin_in_the_first_and_each_other_host(project):
    write_package(project.path / "one", name="one")
    write_package(project.path / "two", TRAPPING, name="two")
    specs = ("refhost", other(), other("no files"))
    ids = project.ids("--wasm-plugin=one", "--wasm-plugin=two", *map(host, specs), "-k", "SAME-001")
    assert ids == [
        "one@refhost=other-host::SAME::SAME-001",
        "one@refhost=other-host-2::SAME::SAME-001",
        "two@refhost=other-host::SAME::SAME-001",
        "two@refhost=other-host-2::SAME::SAME-001",
    ]


def test_a_profile_against_another_host(project):
    write_package(project.path / "made")
    args = ("--wasm-plugin=made", "--wasm-profile=signalk-server-2.32", host("refhost"), host(other()))
    assert project.ids(*args, "-k", "SAME-001") == ["wat-plugin@refhost@signalk-server-2.32=other-host::SAME::SAME-001"]


def test_a_plugin_that_runs_nowhere(project):
    """It is the same in both; what it does with deltas cannot be told."""
    write_package(project.path / "made", TRAPPING)
    result = project.run("--wasm-plugin=made", host("refhost"), host(other()))
    assert project.counts(result) == {"passed": 1, "not judged": 3}
    result.stdout.fnmatch_lines(["3 not judged, and so failed: the plugin runs in neither host"])


def test_a_difference_that_is_known(project):
    write_package(project.path / "made")
    args = ("--wasm-plugin=made", host("refhost"), host(other("status")), "--wasm-baseline=known.toml")
    assert project.run(*args, "--wasm-baseline-update").ret == 0
    result = project.run(*args)
    assert result.ret == 0
    assert project.counts(result) == {"known": 4}


def test_snapshots_are_of_one_host(project):
    write_package(project.path / "made")
    args = ("--wasm-plugin=made", host("refhost"), host(other()))
    assert project.refused(*args, "--wasm-snapshot") == (
        "--wasm-snapshot compares what a plugin emits in one host. Name one --wasm-host, or none."
    )
    project.pytester.makeini("[pytest]\nwasm_snapshot = true")  # said for other runs
    assert not [name for name in project.ids(*args) if "SNAPSHOT" in name]


def test_recorded_answers_are_of_the_reference_host(project):
    write_package(project.path / "made")
    (project.path / "answers.json").write_text("[]")
    args = ("--wasm-plugin=made", "--wasm-fetch=answers.json")
    assert project.refused(*args, host(other())).startswith(
        "--wasm-fetch=answers.json: recorded answers are given by the reference host, and exec:"
    )
    assert project.ids(*args, host("refhost"), "-k", "LIFE-001") == ["wat-plugin::LIFE::LIFE-001"]
