"""`--wasm-baseline` with hosts: what is known of them, and of plugins in them."""

import json
import shlex
import sys
import tomllib

import faulty_driver
import other_host
import pytest
from plugin_files import NO_DELTA, write_package

HOST = "--wasm-host=refhost"
SERVER = "--wasm-profile=signalk-server-2.32"
BASELINE, UPDATE = "--wasm-baseline=known.toml", "--wasm-baseline-update"
SHAM = f"exec:{shlex.join([sys.executable, '-I', '-S', faulty_driver.__file__, 'none'])}"
OTHER = f"exec:{shlex.join([sys.executable, other_host.__file__, 'none'])}"
SOME = "HLINK-023 or HLINK-001"


def entry(requirement, **more):
    rows = {"host": "refhost", "requirement": requirement, "profile": "signalk-server-2.32", **more}
    return "\n".join(["[[known]]", *(f"{key} = {json.dumps(value)}" for key, value in rows.items() if value)]) + "\n"


def write(project, *entries):
    (project.path / "known.toml").write_text("".join(entries), "utf-8")


def judge(project, *args, k=SOME):
    return project.run(HOST, SERVER, "-k", k, BASELINE, *args)


@pytest.mark.parametrize("more", [[], pytest.param(["-n", "2"], marks=pytest.mark.long)])
def test_a_failure_that_is_known_is_no_news(project, more):
    write(project, entry("HLINK-023", reason="it has no sk_get_path"))
    result = judge(project, *more)
    assert result.ret == 0
    assert project.counts(result) == {"passed": 1, "known": 1}
    result.stdout.fnmatch_lines(
        [
            "wasm-baseline: known.toml lists 1 known failure",
            "known to fail: HLINK-023: it has no sk_get_path",
            "wasm-baseline: known.toml lists 1 known failure",
        ]
    )


def test_what_holds_any_more_is_red(project):
    write(project, entry("HLINK-023"), entry("HLINK-001", reason="long ago"))
    result = judge(project)
    assert result.ret == 1
    said = "HLINK-001: it holds, and known.toml lists it as a known failure (long ago). Remove the entry; "
    assert f"{said}--wasm-baseline-update does so." in result.outlines


def test_what_does_not_apply_is_red(project):
    """A host that has lost a feature is judged by less than before."""
    write(project, entry("HHTTP-001", host="sham", profile=""))
    result = project.run(f"--wasm-host={SHAM}", BASELINE, "-k", "HHTTP-001")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["HHTTP-001: it does not apply to the host, and known.toml lists it*"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            entry("HLINK-023", host="signalk-server"),
            'It lists HLINK-023 of "signalk-server", and no host of this run ',
        ),
        (
            entry("HLINK-023", host="refhots"),
            "no host of this run is called so (did you mean refhost?)",
        ),
        (entry("HLINK-999"), "entry 1: there is no requirement HLINK-999 (did you mean HLINK-0"),
        (entry("DELTA-001"), "entry 1: DELTA-001 is a requirement on plugins: name the plugin."),
        (
            entry("HLINK-001", plugin="x"),
            "entry 1: HLINK-001 is a requirement on hosts: it belongs to a host",
        ),
        (entry("HLINK-001", host=""), "entry 1: it has no plugin."),
    ],
)
def test_an_entry_about_nothing_is_refused(project, text, said):
    write(project, text)
    assert said in project.refused(HOST, SERVER, BASELINE)


def test_an_update(project):
    result = judge(project, UPDATE)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["wasm-baseline: known.toml: known failures: 1; new: 1; removed: 0"])
    (row,) = tomllib.loads((project.path / "known.toml").read_text("utf-8"))["known"]
    assert row.pop("seen")
    assert row == {
        "host": "refhost",
        "requirement": "HLINK-023",
        "profile": "signalk-server-2.32",
        "reason": "not explained yet",
    }
    assert judge(project).ret == 0


def test_the_one_that_comes_with_a_host(project, monkeypatch):
    """Its name stands for it wherever it is; a file of that name comes first."""
    kept = project.path / "kept" / "known.toml"
    kept.parent.mkdir()
    kept.write_text(entry("HLINK-023"), "utf-8")
    monkeypatch.setattr("conformance.drivers.named.baseline", {"server-1.0": kept}.get)
    args = (HOST, SERVER, "-k", SOME, "--wasm-baseline=server-1.0")
    result = project.run(*args)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["wasm-baseline: server-1.0 lists 1 known failure"])
    (project.path / "server-1.0").write_text("", "utf-8")
    assert project.run(*args).ret == 1


def test_of_a_plugin_in_a_host(project):
    """What is known of a plugin in one host says nothing about it in another."""
    write_package(project.path / "made", NO_DELTA)
    served = f"--wasm-host={OTHER}"
    args = ("--wasm-plugin=made", "-k", "DELTA-001", BASELINE)
    assert project.run(*args, served, UPDATE).ret == 0
    (row,) = tomllib.loads((project.path / "known.toml").read_text("utf-8"))["known"]
    assert (row["plugin"], row["host"], row["requirement"]) == ("wat-plugin", "other-host", "DELTA-001")
    assert project.counts(project.run(*args, served)) == {"known": 1}
    assert 'of "other-host", and no host of this run' in project.refused(*args)


def test_an_update_does_not_repeat_what_a_process_said_when_it_died(project):
    """It says something else on the next machine: the file would change with each update."""
    dying = SHAM.removesuffix("none") + "crash"
    judged = (f"--wasm-host={dying}", "-k", "HLIFE-002")
    before = project.run(*judged, "-v")
    assert "Its last words on standard error" in " ".join(" ".join(line.split()) for line in before.outlines)
    project.run(*judged, BASELINE, UPDATE)
    (known,) = tomllib.loads((project.path / "known.toml").read_text("utf-8"))["known"]
    assert known["seen"].endswith("The host was ended by SIGABRT in the middle of start.")
