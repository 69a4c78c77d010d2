"""`--wasm-profile`: the same items on a host that behaves as signalk-server 2.32 does, or on both."""

import shlex

import pytest
from honest import READ_SPEED
from plugin_files import ALL, CAPABILITIES, HONEST, Honest, write_package

SERVER = "signalk-server-2.32"
BOTH = "--wasm-profile=all"
# Without sk_get_path, which the server does not have, and without asking for capabilities, which it denies to hold.
ABLE = Honest(look=READ_SPEED, may="(i32.const 1)")
# It cannot do without its files.
FILES = Honest(look=READ_SPEED, may="(i32.const 1)", written="(if (local.get $error) (then (return (i32.const 1))))")
UNGRANTED = Honest(look=READ_SPEED, may="(i32.const 1)", capabilities={**CAPABILITIES, "dataWrite": False})
SOME = "LOAD-002 or LIFE-001 or LIFE-002"


@pytest.fixture
def made(project):
    write_package(project.path / "made", FILES)
    return project


def ids_of(name, *requirements):
    return [f"{name}::{requirement.split('-')[0]}::{requirement}" for requirement in requirements]


# -- which items there are


def test_the_same_items_on_the_server(made):
    ids = made.ids("--wasm-plugin=made", f"--wasm-profile={SERVER}")
    assert len(ids) == ALL
    assert {line.split("::")[0] for line in ids} == {f"wat-plugin@{SERVER}"}


def test_the_default_is_the_contract(made):
    ids = made.ids("--wasm-plugin=made")
    assert ids == made.ids("--wasm-plugin=made", "--wasm-profile=documented")
    assert {line.split("::")[0] for line in ids} == {"wat-plugin"}


def test_all_judges_each_plugin_once_for_each_profile(made):
    write_package(made.path / "other")
    ids = made.ids("--wasm-plugin=made", "--wasm-plugin=other", BOTH)
    assert len(ids) == len(set(ids)) == 4 * ALL
    names = list(dict.fromkeys(line.split("::")[0] for line in ids))
    assert names == ["wat-plugin", f"wat-plugin@{SERVER}", "wat-plugin-2", f"wat-plugin-2@{SERVER}"]


def test_ini_and_the_command_line_over_it(made):
    made.pytester.makeini("[pytest]\nwasm_plugin = made\nwasm_profile = all")
    assert len(made.ids()) == 2 * ALL
    assert len(made.ids("--wasm-profile=documented")) == ALL


@pytest.mark.parametrize("name", ["wat-plugin", f"wat-plugin@{SERVER}"])
def test_ids_can_be_pasted_back(made, name):
    (wanted,) = ids_of(name, "LIFE-002")
    assert made.ids("--wasm-plugin=made", BOTH, wanted) == [wanted]
    assert len(made.ids("--wasm-plugin=made", BOTH, name)) == ALL
    group = made.ids("--wasm-plugin=made", BOTH, f"{name}::LIFE")
    assert wanted in group
    assert len(group) < ALL


@pytest.mark.parametrize(("given", "name"), [("documented", f"wat-plugin@{SERVER}"), (SERVER, "wat-plugin")])
def test_an_id_of_another_profile_is_told_the_option(made, given, name):
    (wanted,) = ids_of(name, "LIFE-002")
    missing = name.partition("@")[2] or "documented"
    told = made.refused("--wasm-plugin=made", f"--wasm-profile={given}", wanted)
    assert told == f"{wanted}: this run is not about that profile. Add --wasm-profile={missing}."


def test_the_profile_is_a_keyword(made):
    for word, name in ((SERVER, f"wat-plugin@{SERVER}"), ("documented", "wat-plugin")):
        ids = made.ids("--wasm-plugin=made", BOTH, "-k", word)
        assert {line.split("::")[0] for line in ids} == {name}
    assert made.ids("--wasm-plugin=made", BOTH, "-k", f"LIFE-002 and not {SERVER}") == ids_of("wat-plugin", "LIFE-002")


def test_collect_only_shows_both(made):
    result = made.run("--wasm-plugin=made", BOTH, "--collect-only")
    result.stdout.fnmatch_lines(["*<PluginCollector wat-plugin>", f"*<PluginCollector wat-plugin@{SERVER}>"])


# -- what becomes of them


def test_a_plugin_that_depends_on_its_files_works_by_the_book_only(made):
    found = made.outcomes("--wasm-plugin=made", BOTH, "-k", SOME)
    assert [found[i] for i in ids_of("wat-plugin", "LOAD-002", "LIFE-001", "LIFE-002")] == ["PASSED"] * 3
    on_the_server = [found[i] for i in ids_of(f"wat-plugin@{SERVER}", "LOAD-002", "LIFE-001", "LIFE-002")]
    assert on_the_server == ["PASSED", "PASSED", "FAILED"]


def test_a_failure_says_in_what_the_host_departs(made):
    result = made.run("--wasm-plugin=made", BOTH, "-k", SOME)
    result.stdout.fnmatch_lines(
        [
            "*The host is signalk-server-2.32, and",
            "*departed from the contract here: D23: a plugin that is enabled when the server starts has no",
            "log *",
            "*[[]departure[]] open: D23: a plugin that is enabled when the server starts has no files",
            f"again     pytest --wasm-plugin=made --wasm-profile={SERVER} wat-plugin@{SERVER}::LIFE::LIFE-002",
        ]
    )


def test_its_command_shows_it_again(made):
    result = made.run("--wasm-plugin=made", BOTH, "-k", SOME)
    (line,) = [line for line in result.outlines if line.startswith("again ")]
    again = made.run(*shlex.split(line)[2:])
    assert again.ret == 1
    assert made.counts(again) == {"failed": 1}


def test_what_cannot_be_judged_says_so_too(made):
    result = made.run("--wasm-plugin=made", f"--wasm-profile={SERVER}", "-k", "DELTA-001")
    result.stdout.fnmatch_lines(
        ["* not judged, and so failed: *start returned 1 (on signalk-server-2.32: D23: a plugin that is enabled *)"]
    )


def test_a_function_that_the_server_does_not_have(project):
    write_package(project.path / "made", HONEST)
    result = project.run("--wasm-plugin=made", BOTH, "-k", "LOAD-002")
    assert project.counts(result) == {"failed": 1, "passed": 1}
    result.stdout.fnmatch_lines(["*env.sk_get_path: signalk-server-2.32 has no function sk_get_path (D3)*"])


def test_by_the_book_nothing_departs(made):
    result = made.run("--wasm-plugin=made", "-rA")
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*D[0-9]*: *")


def test_last_failed(made):
    made.run("--wasm-plugin=made", BOTH, "-k", SOME)
    again = made.run("--wasm-plugin=made", BOTH, "--lf", "-v")
    again.stdout.fnmatch_lines([f"wat-plugin@{SERVER}::LIFE::LIFE-002 FAILED*"])
    assert made.counts(again) == {"failed": 1}


@pytest.mark.long
def test_two_processes(made):
    args = ("--wasm-plugin=made", BOTH, "-k", "LIFE or LOAD or VFS")
    one, two = made.run(*args), made.run(*args, "-n", "2")
    assert one.ret == two.ret == 1
    assert made.counts(one) == made.counts(two)
    assert sorted(profiles_of(one)) == sorted(profiles_of(two))
    assert len(profiles_of(one)) > 5


# -- the header and the summary


def profiles_of(result):
    """What the summary says of profiles."""
    start = next(i for i, line in enumerate(result.outlines) if "= profiles of" in line)
    rest = result.outlines[start + 1 :]
    return rest[: next(i for i, line in enumerate(rest) if line.startswith("="))]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("", "documented"),
        ("--wasm-profile=documented", "documented"),
        (f"--wasm-profile={SERVER}", SERVER),
        (BOTH, f"documented and {SERVER}"),
    ],
)
def test_header(made, given, shown):
    result = made.run("--wasm-plugin=made", *([given] if given else []), "-k", "LOAD-001")
    result.stdout.fnmatch_lines([f"signalk-wasm: *, host refhost, profile {shown}, wasmtime *"])
    assert len([line for line in result.outlines if line.startswith("wasm-plugin: wat-plugin (")]) == 1


def test_one_profile_is_compared_with_none(made):
    result = made.run("--wasm-plugin=made", f"--wasm-profile={SERVER}", "-k", "LOAD-001")
    result.stdout.fnmatch_lines([f"*= conformance of wat-plugin@{SERVER} =*"])
    result.stdout.no_fnmatch_line("*profiles of*")


def test_works_by_the_book_only(made):
    result = made.run("--wasm-plugin=made", BOTH, "-k", SOME)
    assert profiles_of(result) == [
        f"works by the book only: 1 requirement does not hold on {SERVER} (only 3 of {ALL} requirements were judged).",
        f"LIFE-002: passed by the book, failed on {SERVER}",
        '        seen: with {"greeting":"hello"}: start returned 1',
        "        host: D23",
        "In what the host departs from the contract:",
        "  D23: a plugin that is enabled when the server starts has no files",
    ]


def test_works_on_the_server_only(project):
    write_package(project.path / "made", UNGRANTED)
    result = project.run("--wasm-plugin=made", BOTH, "-k", "CAP-001")
    headline, what, seen, *_ = profiles_of(result)
    assert headline.startswith(f"works on {SERVER} only: 1 requirement does not hold by the book (only 1 of ")
    assert what == f"CAP-001: failed by the book, passed on {SERVER}"
    assert "lacks dataWrite capability" in seen


def test_works_on_both(project):
    write_package(project.path / "made", ABLE)
    result = project.run("--wasm-plugin=made", BOTH, "-k", "LOAD")
    assert result.ret == 0
    (headline,) = profiles_of(result)
    assert headline.startswith(f"works on both: by the book and on {SERVER} (only ")


def test_works_on_neither(project):
    write_package(project.path / "made", Honest(look=READ_SPEED, start="(unreachable)"))
    result = project.run("--wasm-plugin=made", BOTH, "-k", "LIFE-001 or LIFE-002")
    (headline,) = profiles_of(result)
    counted = f"2 requirements do not hold by the book, 2 requirements do not hold on {SERVER}"
    assert headline.startswith(f"works on neither: {counted} (only 2 of ")


def test_a_plugin_that_does_less_is_not_said_to_work(project):
    """A requirement that does not apply any more fails nothing, and yet something is missing."""
    write_package(project.path / "made", ABLE)
    result = project.run("--wasm-plugin=made", BOTH, "-k", "VFS or STATUS")
    assert result.ret == 0
    headline, *lines = profiles_of(result)
    assert headline.startswith(f"breaks no requirement, but does not do the same by the book and on {SERVER} (only ")
    assert f"VFS-004, VFS-006: passed by the book, not applicable on {SERVER}" in lines
    assert f"STATUS-005: passed by the book, warned on {SERVER}" in lines


def test_what_the_host_withholds_from_nobody_is_not_held_against_a_plugin(project):
    write_package(project.path / "made", ABLE)
    result = project.run("--wasm-plugin=made", BOTH, "-k", "CAP-006 or CAP-013")
    assert project.counts(result) == {"passed": 2, "not applicable": 2}
    lines = profiles_of(result)
    assert "        seen: the host withholds dataWrite from no plugin (D12)" in lines
    assert "        seen: the host withholds httpEndpoints from no plugin (D15)" in lines


# -- usage errors


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("signalk-server", "There is no profile 'signalk-server': did you mean signalk-server-2.32?"),
        ("ALL", "There is no profile 'ALL': did you mean all?"),
        ("Documented", "There is no profile 'Documented': did you mean documented?"),
        ("al", "There is no profile 'al': did you mean all?"),
        ("x\x1b[31m\n", "There is no profile *"),
    ],
)
def test_an_unknown_profile(made, name, told):
    said = made.refused("--wasm-plugin=made", f"--wasm-profile={name}")
    assert told.rstrip("*") in said
    assert said.endswith(f"There are documented, {SERVER}, all.")
    assert "\x1b" not in said


def test_an_unknown_profile_in_the_ini_file(made):
    made.pytester.makeini("[pytest]\nwasm_plugin = made\nwasm_profile = docmented")
    assert made.refused().startswith(
        "wasm_profile=docmented: There is no profile 'docmented': did you mean documented?"
    )


def test_an_unknown_profile_without_a_plugin(project):
    project.pytester.makepyfile("def test_own(signalk): pass")
    assert "did you mean documented?" in project.refused("--wasm-profile=document")


def test_an_unknown_profile_over_two_processes(made):
    assert "There is no profile" in made.refused("--wasm-plugin=made", "--wasm-profile=x", "-n", "2")


# -- the fixtures

OWN_TEST = """
import pytest

def test_plugin(wasm_plugin, signalk):
    assert signalk is wasm_plugin.host
    print("ran on", signalk.profile.name)

def test_host(signalk):
    print("alone on", signalk.profile.name)

@pytest.mark.wasm(profile="signalk-server-2.32")
def test_marked(wasm_plugin):
    print("marked for", wasm_plugin.host.profile.name)

def test_factory(load_wasm_plugin):
    with load_wasm_plugin() as one, load_wasm_plugin(profile="signalk-server-2.32") as other:
        print("made on", one.host.profile.name, "and", other.host.profile.name)
"""


def told(result):
    lines = (line.lstrip(".") for line in result.outlines)
    return sorted(line for line in lines if line.split(" ")[0] in ("ran", "alone", "marked", "made"))


def test_own_tests_have_the_profile(made):
    made.pytester.makepyfile(OWN_TEST)
    only = ("-k", "test_plugin or test_host or test_marked or test_factory", "-s", "-q")
    result = made.run("--wasm-plugin=made", *only)
    assert told(result) == [
        "alone on documented",
        "made on documented and signalk-server-2.32",
        "marked for signalk-server-2.32",
        "ran on documented",
    ]
    result = made.run("--wasm-plugin=made", f"--wasm-profile={SERVER}", *only)
    assert told(result) == [
        "alone on signalk-server-2.32",
        "made on signalk-server-2.32 and signalk-server-2.32",
        "marked for signalk-server-2.32",
        "ran on signalk-server-2.32",
    ]
    result = made.run("--wasm-plugin=made", BOTH, *only)
    assert told(result) == [
        "alone on documented",
        "made on documented and signalk-server-2.32",
        "marked for signalk-server-2.32",
        "ran on documented",
        "ran on signalk-server-2.32",
    ]
    assert result.ret == 0


def test_own_tests_are_named_for_the_profile(made):
    made.pytester.makepyfile(test_boat=OWN_TEST)
    ids = [i for i in made.ids("--wasm-plugin=made", BOTH) if i.startswith("test_boat.py::test_plugin")]
    assert ids == ["test_boat.py::test_plugin[wat-plugin]", f"test_boat.py::test_plugin[wat-plugin@{SERVER}]"]


@pytest.mark.parametrize(
    "test",
    [
        '@pytest.mark.wasm(profile="signalk")\ndef test_own(wasm_plugin): pass',
        'def test_own(load_wasm_plugin):\n    with load_wasm_plugin(profile="signalk"): pass',
    ],
)
def test_an_unknown_profile_in_a_test(made, test):
    made.pytester.makepyfile(f"import pytest\n{test}")
    result = made.run("--wasm-plugin=made", "-k", "test_own")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["There is no profile 'signalk'*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_each_profile_has_a_snapshot_of_its_own(made):
    made.pytester.makepyfile(
        test_boat="""
        def test_own(wasm_plugin, delta_snapshot):
            wasm_plugin.start()
            assert wasm_plugin.emitted == delta_snapshot
        """
    )
    args = ("--wasm-plugin=made", BOTH, "-k", "test_own")
    assert made.run(*args, "--snapshot-update").ret == 0
    files = sorted(path.name for path in (made.path / "__snapshots__" / "test_boat").iterdir())
    assert len(files) == 2
    assert made.run(*args).ret == 0
