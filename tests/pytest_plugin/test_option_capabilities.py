"""`--wasm-capabilities` and its ini key: what the plugin may do, instead of what its package says."""

import pytest
from plugin_files import ALL, write_package

NO_WRITING = '{"dataWrite": false, "putHandlers": true}'
OWN_TEST = """
def test_own(wasm_plugin):
    wasm_plugin.start()
    assert wasm_plugin.emitted == []
    assert "dataWrite" in wasm_plugin.error
"""


@pytest.fixture
def made(project):
    write_package(project.path / "made")
    return project


def test_instead_of_the_package(made):
    result = made.run("--wasm-plugin=made", f"--wasm-capabilities={NO_WRITING}", "-k", "DELTA-001 or LIFE-001")
    # What is not said is the contract's default, not the package's: httpEndpoints is gone.
    result.stdout.fnmatch_lines(
        ["wasm-plugin: wat-plugin * may dataRead, storage, putHandlers, staticFiles (--wasm-capabilities)"]
    )
    result.stdout.fnmatch_lines(["not applicable: DELTA-001: the plugin does not hold the capability dataWrite"])
    result.stdout.fnmatch_lines(["*1 passed, * 1 not applicable in *"])


def test_ini(made):
    made.pytester.makeini(f"[pytest]\nwasm_plugin = made\nwasm_capabilities = {NO_WRITING}")
    result = made.run("-k", "DELTA-001 or LIFE-001")
    result.stdout.fnmatch_lines(
        ["wasm-plugin: wat-plugin * may dataRead, storage, putHandlers, staticFiles (wasm_capabilities)"]
    )
    result.stdout.fnmatch_lines(["not applicable: DELTA-001: *"])


def test_command_line_over_ini(made):
    made.pytester.makeini(f"[pytest]\nwasm_plugin = made\nwasm_capabilities = {NO_WRITING}")
    result = made.run("-k", "DELTA-001", "--wasm-capabilities={}")
    result.stdout.fnmatch_lines(["wasm-plugin: * may dataRead, dataWrite, * (--wasm-capabilities)"])
    assert made.counts(result)["passed"] == 1


def test_fixtures_have_them_too(made):
    made.pytester.makepyfile(OWN_TEST)
    result = made.run("--wasm-plugin=made", f"--wasm-capabilities={NO_WRITING}", "-k", "test_own")
    result.assert_outcomes(passed=1, deselected=ALL)


def test_again_repeats_them(made):
    capabilities = '{"httpEndpoints": false}'
    result = made.run("--wasm-plugin=made", f"--wasm-capabilities={capabilities}", "-k", "CAP-005")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [f"again     pytest --wasm-plugin=made '--wasm-capabilities={capabilities}' wat-plugin::CAP::CAP-005"]
    )
