"""`--wasm-config` and its ini key: what the plugin is started with, as JSON or in a file."""

import pytest
from honest import REFUSE, Honest, config_has
from plugin_files import ALL, write_package
from wat import when

# It starts with a certain key only, which its schema does not mention.
FUSSY = Honest(start=when(f"(i32.eqz {config_has('sesame')})", REFUSE, "(return (i32.const 3))"))


@pytest.fixture
def made(project):
    write_package(project.path / "made", FUSSY)
    return project


def starts(made, *args):
    return made.counts(made.run("-k", "LIFE-001 or LIFE-002", *args)) == {"passed": 2}


def test_without_it_the_defaults_of_the_schema(made):
    result = made.run("--wasm-plugin=made", "-k", "LIFE-002")
    assert result.ret == 1
    result.stdout.fnmatch_lines(['*start {"greeting":"hello"}'])


def test_json(made):
    assert starts(made, "--wasm-plugin=made", '--wasm-config={"word": "sesame"}')


def test_file_is_relative_to_the_folder_of_the_call(made, monkeypatch):
    folder = made.path / "settings"
    folder.mkdir()
    (folder / "boat.json").write_text('{"word": "sesame"}')
    assert starts(made, "--wasm-plugin=made", "--wasm-config=@settings/boat.json")
    monkeypatch.chdir(folder)
    assert starts(made, "--wasm-plugin=../made", "--wasm-config=@boat.json")


def test_file_by_an_absolute_path(made):
    file = made.path / "boat.json"
    file.write_text('{"word": "sesame"}')
    assert starts(made, "--wasm-plugin=made", f"--wasm-config=@{file}")


def test_ini(made):
    made.pytester.makeini('[pytest]\nwasm_plugin = made\nwasm_config = {"word": "sesame"}')
    assert starts(made)


@pytest.mark.parametrize("root", ["settings", "."])
def test_ini_file_is_relative_to_the_ini_file(made, root):
    folder = made.path / "settings"
    folder.mkdir()
    (folder / "boat.json").write_text('{"word": "sesame"}')
    (folder / "pytest.ini").write_text("[pytest]\nwasm_plugin = ../made\nwasm_config = @boat.json")
    assert starts(made, "-c", "settings/pytest.ini", f"--rootdir={root}")


def test_command_line_over_ini(made):
    made.pytester.makeini('[pytest]\nwasm_plugin = made\nwasm_config = {"word": "abracadabra"}')
    assert not starts(made)
    assert starts(made, '--wasm-config={"word": "sesame"}')


def test_fixtures_have_it_too(made):
    made.pytester.makepyfile("""
        def test_saved(wasm_plugin):
            assert wasm_plugin.config.configuration == {"word": "sesame"}
            assert wasm_plugin.start() == "running"

        def test_given(wasm_plugin):
            with wasm_plugin.running({"another": "sesame"}):
                assert wasm_plugin.status == "Running"
            assert wasm_plugin.start({"word": "open"}) == "error"
    """)
    result = made.run("--wasm-plugin=made", '--wasm-config={"word": "sesame"}', "-k", "test_saved or test_given")
    result.assert_outcomes(passed=2, deselected=ALL)


def test_again_repeats_it(made):
    result = made.run("--wasm-plugin=made", '--wasm-config={"word": "open"}', "-k", "LIFE-002")
    result.stdout.fnmatch_lines(
        ['again     pytest --wasm-plugin=made \'--wasm-config={"word": "open"}\' wat-plugin::LIFE::LIFE-002']
    )
