"""`wasm_host_seconds` in the ini file; on the command line it is tested together with hosts that take too long."""


def test_ini(project):
    project.pytester.makeini("[pytest]\nwasm_host = refhost\nwasm_host_seconds = soon")
    assert project.refused() == "wasm_host_seconds=soon: give a number of seconds, such as 60."


def test_command_line_over_ini(project):
    project.pytester.makeini("[pytest]\nwasm_host = refhost\nwasm_host_seconds = soon")
    assert project.ids("--wasm-host-seconds=60", "-k", "HLIFE-001")
