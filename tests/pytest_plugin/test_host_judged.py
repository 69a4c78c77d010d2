"""`--wasm-host`: hosts are judged as plugins are: ids, selection, outcomes, failures in words, several processes."""

import json
import shlex
import sys
from xml.etree import ElementTree as ET

import faulty_driver
import pytest

from conformance.explanation import explanation
from conformance.host_catalogue import host_catalogue, host_requirement
from conformance.report.reading import read

HOST = "--wasm-host=refhost"
SERVER = "--wasm-profile=signalk-server-2.32"
SHAM = f"exec:{shlex.join([sys.executable, '-I', '-S', faulty_driver.__file__, 'none'])}"
IDS = [f"{group.name}::{entry.id}" for group in host_catalogue() for entry in group.requirements]
# What the server of the profile does not have.
BROKEN = "refhost@signalk-server-2.32::HLINK::HLINK-023"


def of(group):
    """How many requirements a group has."""
    return sum(name.startswith(f"{group}::") for name in IDS)


def test_the_reference_host_holds(project):
    result = project.run(HOST, "-k", "HSTREAM or HLINK")
    assert result.ret == 0
    assert project.counts(result) == {"passed": of("HSTREAM") + of("HLINK")}
    result.stdout.fnmatch_lines(
        [
            "signalk-wasm: *, host refhost, profile documented, wasmtime *",
            "wasm-host: refhost * has every feature",
            "*= conformance of refhost =*",
            f"HLINK   {of('HLINK')} passed",
            f"HSTREAM {of('HSTREAM')} passed",
        ]
    )


def test_every_requirement_has_an_item(project):
    assert project.ids(HOST) == [f"refhost::{name}" for name in IDS]


def test_collect_only_shows_a_tree(project):
    result = project.run(HOST, "--collect-only", "-k", "HSTREAM-001")
    result.stdout.fnmatch_lines(
        ["*<HostCollector refhost>", "*<GroupCollector HSTREAM>", "*<ConformanceItem HSTREAM-001>"]
    )


@pytest.mark.parametrize(
    ("pasted", "count"), [("refhost::HSTREAM::HSTREAM-001", 1), ("refhost::HSTREAM", of("HSTREAM"))]
)
@pytest.mark.parametrize("more", [[], pytest.param(["-n", "2"], marks=pytest.mark.long)])
def test_pasted_ids(project, pasted, count, more):
    result = project.run(HOST, pasted, *more)
    assert result.ret == 0
    assert project.counts(result) == {"passed": count}


def test_an_unknown_id(project):
    said = project.refused(HOST, "refhost::HSTREAM::HSTREAM-999")
    assert said.startswith("refhost::HSTREAM::HSTREAM-999: there is no such conformance item")
    assert said.endswith("`pytest --wasm-host=… --collect-only -q` lists them.")


def test_an_id_of_a_profile_that_is_not_in_this_run(project):
    assert project.refused(HOST, BROKEN) == (
        f"{BROKEN}: this run is not about that profile. Add --wasm-profile=signalk-server-2.32."
    )


def test_a_failure_says_everything(project):
    result = project.run(HOST, SERVER, BROKEN)
    assert result.ret == 1
    again = f"pytest {HOST} {SERVER} {BROKEN}"
    result.stdout.fnmatch_lines(
        [
            f"*_ {BROKEN} *_*",
            f"{host_requirement('HLINK-023').text} [[]HLINK-023, MUST, contract §4]",
            "seen      *",
            "why       *",
            "mend      *",
            f"again     {again}",
            f"FAILED {BROKEN} - *",
        ]
    )
    # The command shows the same again.
    same = project.run(*shlex.split(again)[1:])
    assert [line for line in same.outlines if line.startswith("seen ")] == [
        line for line in result.outlines if line.startswith("seen ")
    ]


def test_what_led_to_it_is_numbered(project):
    result = project.run(HOST, SERVER, "-k", "HVFS-003")
    result.stdout.fnmatch_lines(["case      1. *", "          2. *"])


def test_last_failed(project):
    args = (HOST, SERVER, "-k", "HLINK-023 or HLINK-001", "-p", "cacheprovider")
    assert project.counts(project.run(*args)) == {"failed": 1, "passed": 1}
    assert project.counts(project.run(*args, "--lf")) == {"failed": 1}


@pytest.mark.long
def test_in_several_processes(project):
    args = (HOST, SERVER, "-k", "HLINK")
    one, two = project.run(*args), project.run(*args, "-n", "2")
    assert one.ret == two.ret == 1
    assert project.counts(one) == project.counts(two)
    assert {line for line in one.outlines if line.startswith(("FAILED ", "HLINK "))} == {
        line for line in two.outlines if line.startswith(("FAILED ", "HLINK "))
    }


def test_two_hosts(project):
    result = project.run(HOST, f"--wasm-host={SHAM}", "-v", "-k", "HLIFE-002")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "wasm-host: refhost *",
            "wasm-host: sham 1.0 (exec:*faulty_driver.py none) lacks dialect-assemblyscript, *",
            "refhost::HLIFE::HLIFE-002 PASSED *",
            "sham::HLIFE::HLIFE-002 FAILED *",
            "*= conformance of refhost =*",
            "*= conformance of sham =*",
        ]
    )


def test_two_of_one_name(project):
    ids = project.ids(f"--wasm-host={SHAM}", f"--wasm-host={SHAM} x", "-k", "HLIFE-002")
    assert ids == ["sham::HLIFE::HLIFE-002", "sham-2::HLIFE::HLIFE-002"]


def test_two_profiles(project):
    result = project.run(HOST, "--wasm-profile=all", "-k", "HLINK-023")
    assert project.counts(result) == {"failed": 1, "passed": 1}
    result.stdout.fnmatch_lines(["*= conformance of refhost =*", "*= conformance of refhost@signalk-server-2.32 =*"])
    result.stdout.no_fnmatch_line("*works by the book*")


def test_what_a_host_lacks_does_not_apply(project):
    result = project.run(f"--wasm-host={SHAM}", "-v", "-k", "HLIFE-002 or HHTTP-001")
    result.stdout.fnmatch_lines(
        [
            "sham::HHTTP::HHTTP-001 N/A *",
            "not applicable: HHTTP-001: the host sham does not have the feature http: it has the HTTP API *",
        ]
    )


@pytest.mark.parametrize("more", [[], pytest.param(["-n", "2"], marks=pytest.mark.long)])
def test_nothing_judged_is_no_success(project, more):
    result = project.run(f"--wasm-host={SHAM}", "-k", "HHTTP", *more)
    assert result.ret == 5
    result.stdout.fnmatch_lines(["Nothing applied, so nothing was judged: that is no success."])


def test_ini(project):
    project.pytester.makeini("[pytest]\nwasm_host = refhost\nwasm_profile = signalk-server-2.32")
    assert project.ids("-k", "HLINK-001") == ["refhost@signalk-server-2.32::HLINK::HLINK-001"]
    # The command line wins.
    assert project.ids(f"--wasm-host={SHAM}", "-k", "HLINK-001") == ["sham::HLINK::HLINK-001"]


def test_beside_own_tests(project):
    project.pytester.makepyfile("def test_own(signalk): signalk.publish('a.b', 1)")
    result = project.run(HOST, "-k", "test_own or HLINK-001")
    assert result.ret == 0
    assert project.counts(result) == {"passed": 2}


def test_junit(project):
    project.run(HOST, SERVER, "-k", "HLINK-023 or HLINK-001", "--junitxml=out.xml")
    cases = {case.get("name"): case for case in ET.parse(project.path / "out.xml").iter("testcase")}
    assert set(cases) == {"HLINK-001", "HLINK-023"}
    found = {p.get("name"): p.get("value") for p in cases["HLINK-023"].iter("property")}
    assert found == {"wasm_requirement": "HLINK-023", "wasm_outcome": "fail"}
    assert cases["HLINK-023"].find("failure") is not None
    assert cases["HLINK-001"].find("failure") is None


def test_report(project):
    result = project.run(HOST, f"--wasm-host={SHAM}", "-k", "HLIFE-002 or HHTTP-001", "--wasm-report=out")
    result.stdout.fnmatch_lines(["wasm-report: out/report.html"])
    refhost, sham = read(project.path / "out")
    assert (refhost.subject.kind, refhost.subject.name, refhost.host) == ("host", "refhost", "refhost")
    assert (sham.subject.name, sham.subject.version, sham.subject.features) == (
        "sham",
        "1.0",
        ("dialect-buffer", "reset"),
    )
    outcomes = [{row.id: str(row.outcome) for row in report.requirements} for report in (refhost, sham)]
    assert [each["HLIFE-002"] for each in outcomes] == ["pass", "fail"]
    assert [each["HHTTP-001"] for each in outcomes] == ["pass", "not-applicable"]
    assert {each["HLINK-001"] for each in outcomes} == {"not-run"}
    page = (project.path / "out" / "report.html").read_text("utf-8")
    assert "sham" in page
    assert "HHTTP" in page
    document = json.loads((project.path / "out" / "report.json").read_text("utf-8"))
    assert "capabilities" not in document["reports"][0]["subject"]


def test_explain(project):
    result = project.run("--wasm-explain=hvfs-001")
    assert result.ret == 0
    assert result.outlines == explanation("HVFS-001").splitlines()
    result.stdout.fnmatch_lines(
        ["level     MUST: a host that breaks it fails", "about     hosts with the features *files*"]
    )


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (
            "nope",
            "There is no host 'nope'. Hosts are refhost, signalk-server, and exec:COMMAND for one with a driver",
        ),
        ("refhots", "There is no host 'refhots' (did you mean refhost?). Hosts are "),
        ("node driver.mjs", "There is no host 'node driver.mjs'. Hosts are "),
        ("exec:", "exec: is followed by the command that starts a driver. Such as exec:node my-driver.mjs."),
        ("exec:no-such-program", "The driver cannot be started: "),
        ("\x1b[31m", r"There is no host '\x1b[31m'. "),
    ],
)
def test_a_host_that_cannot_be_had(project, spec, said):
    found = project.refused(f"--wasm-host={spec}")
    assert said in found
    assert "\x1b" not in found


def test_a_host_that_cannot_be_had_of_the_ini_file(project):
    project.pytester.makeini("[pytest]\nwasm_host = nope")
    assert project.refused().startswith("wasm_host=nope: There is no host 'nope'.")


def test_a_server_that_is_not_installed(project, monkeypatch):
    monkeypatch.setenv("SIGNALK_SERVER", str(project.path))
    said = project.refused("--wasm-host=signalk-server")
    assert said.startswith("--wasm-host=signalk-server: ")
    assert "python -m conformance install signalk-server" in said


def test_in_several_processes_it_is_refused_once(project):
    project.refused("-n", "2", "--wasm-host=nope", apart=True)


@pytest.mark.parametrize("given", ["x", "0", "-1", "nan", "inf"])
def test_seconds_that_are_none(project, given):
    assert project.refused(HOST, f"--wasm-host-seconds={given}") == (
        f"--wasm-host-seconds={given}: give a number of seconds, such as 60."
    )


def test_snapshots_are_of_plugins(project):
    assert project.refused(HOST, "--wasm-snapshot") == (
        "--wasm-snapshot: no plugin is judged in this run. Add --wasm-plugin=PATH."
    )
