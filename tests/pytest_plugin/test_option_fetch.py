"""`--wasm-fetch` and its ini key: recorded answers to a plugin's HTTP requests, under judgement and in fixtures."""

import json
import shutil

import pytest

import corpus

ANSWERS = [
    {"url": "https://example.org/answer", "body": "hello"},
    {"method": "POST", "url": "https://example.org/report", "body": {"taken": True}},
]
PLUGIN = "--wasm-plugin=plugin"
FETCH = "--wasm-fetch=answers.json"
STATUS = "STATUS-005"  # a plugin without an answer sets an error, and is warned for it


@pytest.fixture
def made(project):
    shutil.copytree(corpus.plugin("fetch-assemblyscript"), project.path / "plugin")
    record(project.path / "answers.json")
    return project


def record(path, answers=ANSWERS):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(answers))


def outcome(made, *args):
    return made.outcomes("-k", STATUS, *args)[f"fetch-assemblyscript::STATUS::{STATUS}"]


def test_without_it_nothing_is_answered(made):
    assert outcome(made, PLUGIN) == "WARN"


def test_with_it_everything_holds(made):
    assert outcome(made, PLUGIN, FETCH) == "PASSED"
    result = made.run(PLUGIN, FETCH)
    assert result.ret == 0
    assert set(made.counts(result)) == {"passed", "not applicable"}


def test_answers_are_there_for_each_test_anew(made):
    record(made.path / "answers.json", [{**answer, "times": 1} for answer in ANSWERS])
    made.pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("number", [1, 2])
        def test_own(wasm_plugin, number):
            with wasm_plugin.running():
                assert wasm_plugin.error == ""
    """)
    assert made.counts(made.run(PLUGIN, FETCH, "-k", "test_own")) == {"passed": 2}


def test_ini_is_relative_to_the_ini_file(made):
    record(made.path / "settings" / "boat.json")
    (made.path / "settings" / "pytest.ini").write_text("[pytest]\nwasm_plugin = ../plugin\nwasm_fetch = boat.json")
    assert outcome(made, "-c", "settings/pytest.ini", "--rootdir=.") == "PASSED"


def test_command_line_over_ini(made):
    record(made.path / "none.json", [])
    made.pytester.makeini("[pytest]\nwasm_plugin = plugin\nwasm_fetch = none.json")
    assert outcome(made) == "WARN"
    assert outcome(made, FETCH) == "PASSED"


def test_in_fixtures(made):
    made.pytester.makepyfile("""
        def test_wasm_plugin(wasm_plugin):
            with wasm_plugin.running():
                values = [entry["value"] for entry in wasm_plugin.emitted[0]["updates"][0]["values"]]
                assert values == ["hello", 5]

        def test_factory(load_wasm_plugin):
            with load_wasm_plugin() as plugin, plugin.running():
                assert [request.status for request in plugin.host.requests] == [200, 200]

        def test_the_tests_own_answer_comes_first(wasm_plugin, signalk):
            signalk.respond("https://example.org/answer", "ahoy there")
            with wasm_plugin.running():
                assert wasm_plugin.emitted[0]["updates"][0]["values"][0]["value"] == "ahoy there"
                assert [request.status for request in signalk.requests] == [200, 200]
    """)
    result = made.run(PLUGIN, FETCH, "-k", "test_in_fixtures.py", "--deselect=fetch-assemblyscript")
    assert made.counts(result) == {"passed": 3}


def test_in_fixtures_without_a_plugin_under_judgement(made):
    made.pytester.makepyfile("""
        def test_own(load_wasm_plugin):
            with load_wasm_plugin("plugin") as plugin, plugin.running():
                assert plugin.error == ""
    """)
    assert made.counts(made.run(FETCH)) == {"passed": 1}
    assert made.counts(made.run()) == {"failed": 1}


def test_again_repeats_it(made):
    record(made.path / "answers.json", [])
    result = made.run(PLUGIN, FETCH, '--wasm-config={"url": 1}', "--wasm-snapshot", "-k", "SNAPSHOT")
    result.stdout.fnmatch_lines(["  again: pytest --wasm-plugin=plugin '--wasm-config=*' --wasm-fetch=answers.json *"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "--wasm-fetch: {path} cannot be read: No such file or directory."),
        ("[", "--wasm-fetch: {path} is not JSON: * A recording is a JSON array of objects such as *"),
        ("{}", "--wasm-fetch: {path} is JSON, but no array. A recording is *"),
        ('[{"url": "*", "stat": 200}]', '--wasm-fetch: {path}, entry 1: it has no "stat" (did you mean status?). *'),
        ('[{"status": 200}]', '--wasm-fetch: {path}, entry 1: it has no "url". *'),
        (b"\xff", "--wasm-fetch: {path} is not UTF-8: *"),
    ],
)
@pytest.mark.parametrize("with_plugin", [True, False])
def test_what_is_no_recording(made, text, said, with_plugin):
    path = made.path / "answers.json"
    path.unlink()
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    made.pytester.makepyfile("def test_own(): pass")
    message = made.refused(*([PLUGIN] if with_plugin else []), FETCH)
    pytest.LineMatcher([message]).fnmatch_lines([said.format(path=path).replace("[", "[[]")])


def test_a_folder_is_no_recording(made):
    assert "cannot be read: Is a directory" in made.refused(PLUGIN, "--wasm-fetch=plugin")


def test_the_ini_file_is_named_where_it_says_so(made):
    made.pytester.makeini("[pytest]\nwasm_fetch = missing.json")
    assert made.refused().startswith("wasm_fetch: ")


def test_what_a_recording_says_cannot_act_on_a_terminal(made):
    record(made.path / "answers.json", [{"url": "*", "status\x1b[31m": 1}])
    assert "\x1b" not in made.refused(PLUGIN, FETCH)


@pytest.mark.long
def test_in_two_processes(made):
    pytest.importorskip("xdist")
    result = made.run_apart(PLUGIN, FETCH, "-n", "2", "-k", f"{STATUS} or LIFE-002")
    assert made.counts(result) == {"passed": 2}
    assert "cannot be read" in made.refused(PLUGIN, "--wasm-fetch=missing.json", "-n", "2", apart=True)
