"""`signalk`, `wasm_plugin`, `load_wasm_plugin` and the marker, in tests of an author's own."""

import pytest
from honest import Honest
from plugin_files import ALL, EMITTED_AT_START, TRAPPING, write_module, write_package
from wat import call, text


@pytest.fixture
def made(project):
    write_package(project.path / "made")
    return project


def own(project, code, *args):
    """Run own tests, and not the requirements."""
    project.pytester.makepyfile(test_boat=code)
    return project.run("-k", "test_boat", *args)


# What a test without a fault can do.


def test_signalk_needs_no_plugin(project):
    result = own(
        project,
        """
        def test_host(signalk):
            assert signalk.deltas == []
            before = signalk.clock.timestamp()
            signalk.publish("navigation.speedOverGround", 3.85)
            signalk.publish_delta({"updates": [{"values": [{"path": "a.b", "value": 1}]}]})
            signalk.advance(60)
            assert signalk.clock.timestamp() > before

        def test_another_host(signalk):
            assert signalk.clock.timestamp() == "2026-01-01T00:00:00.000Z"
            assert signalk.log == []
        """,
    )
    result.assert_outcomes(passed=2)


def test_wasm_plugin(made):
    result = own(
        made,
        f"""
        def test_start_and_stop(wasm_plugin):
            assert wasm_plugin.id == "wat-plugin"
            assert wasm_plugin.state == "stopped"
            assert wasm_plugin.emitted == []
            assert wasm_plugin.start() == "running"
            assert wasm_plugin.status == "Running"
            assert wasm_plugin.error == ""
            assert len(wasm_plugin.emitted) == {EMITTED_AT_START}
            assert wasm_plugin.stop() == "stopped"

        def test_running(wasm_plugin, signalk):
            with wasm_plugin.running() as plugin:
                assert plugin is wasm_plugin
                signalk.publish("navigation.speedOverGround", 3.85)
                heard = plugin.emitted[-1]["updates"][0]
            assert heard["values"] == [{{"path": "plugins.wat.heard", "value": 1}}]
            assert wasm_plugin.state == "stopped"

        def test_in_the_host(wasm_plugin, signalk):
            assert wasm_plugin.host is signalk
            assert signalk.plugins == {{"wat-plugin": wasm_plugin}}
            wasm_plugin.start()
            assert signalk.deltas == wasm_plugin.emitted

        def test_vfs(wasm_plugin):
            with wasm_plugin.running():
                assert wasm_plugin.vfs.read("/data/note.txt") == b"1"

        def test_refused_configuration(wasm_plugin):
            assert wasm_plugin.denials == []
            assert wasm_plugin.config.configuration == {{"greeting": "hello"}}
        """,
        "--wasm-plugin=made",
    )
    assert made.counts(result) == {"passed": 5}


def test_denials(made):
    write_package(made.path / "made", Honest(may="(i32.const 1)"))
    result = own(
        made,
        """
        def test_denied(wasm_plugin):
            wasm_plugin.start()
            assert wasm_plugin.emitted == []
            denied = {record.function for record in wasm_plugin.denials}
            assert denied == {"sk_handle_message", "sk_publish_notification"}
        """,
        "--wasm-plugin=made",
        '--wasm-capabilities={"dataWrite": false}',
    )
    assert made.counts(result) == {"passed": 1}


def test_running_says_why_it_does_not(project):
    write_package(project.path / "made", TRAPPING)
    code = "def test_own(wasm_plugin):\n    with wasm_plugin.running():\n        raise AssertionError('not reached')"
    result = own(project, code, "--wasm-plugin=made")
    assert project.counts(result) == {"failed": 1}
    result.stdout.fnmatch_lines(["E*StateError: wat-plugin did not start: plugin_start trapped: unreachable*"])


def test_plugin_of_the_ini_file(made):
    made.pytester.makeini("[pytest]\nwasm_plugin = made")
    result = own(made, "def test_own(wasm_plugin): assert wasm_plugin.name == 'WAT plugin'")
    assert made.counts(result) == {"passed": 1}


def test_several_plugins(made):
    write_package(made.path / "other", name="other")
    code = """
        def test_own(wasm_plugin):
            assert wasm_plugin.start() == "running"

        def test_without(signalk):
            pass
        """
    result = own(made, code, "--wasm-plugin=made", "--wasm-plugin=other", "-v")
    assert made.counts(result) == {"passed": 3}
    result.stdout.fnmatch_lines(
        ["test_boat.py::test_own[[]wat-plugin] PASSED*", "test_boat.py::test_own[[]other] PASSED*"]
    )


# What goes wrong.


def test_no_plugin(project):
    result = own(project, "def test_own(wasm_plugin): pass")
    assert result.ret == 1
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*_ ERROR at setup of test_own _*",
            "This test needs a plugin: run pytest with --wasm-plugin=PATH, * @pytest.mark.wasm(plugin=PATH).",
            "*= short test summary info =*",
        ],
        consecutive=True,
    )


def test_no_plugin_for_the_factory(project):
    result = own(project, "def test_own(load_wasm_plugin):\n    with load_wasm_plugin(): pass")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["This test needs a plugin: run pytest with --wasm-plugin=PATH, *"])


def test_a_plugin_that_cannot_be_linked(project):
    odd = '(import "env" "sk_log_d\\1b[31mebug" (func (param i32 i32)))'
    write_package(project.path / "made", Honest(imports=odd))
    result = own(project, "def test_own(wasm_plugin): pass", "--wasm-plugin=made")
    result.assert_outcomes(errors=1, deselected=ALL)
    result.stdout.fnmatch_lines(["*/made cannot be linked:", r"  import env.sk_log_d\x1b[[]31mebug: the host has no *"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_fixtures_are_listed(project):
    result = project.run("--fixtures")
    result.stdout.fnmatch_lines_random(
        ["signalk -- *", "wasm_plugin -- *", "load_wasm_plugin [[]session scope] -- *", "delta_snapshot -- *"]
    )


# The marker.


def test_marker_is_registered(project):
    result = project.run("--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.wasm(plugin=None, capabilities=None, config=None, profile=None): *"])


def test_marker_names_the_plugin(project):
    write_package(project.path / "made")
    write_module(project.path / "deep" / "anchor.wasm", Honest(name="Anchor"))
    project.pytester.makepyfile(
        **{
            "deep/test_boat": """
        import pytest

        @pytest.mark.wasm(plugin="anchor.wasm")
        def test_beside_the_test(wasm_plugin):
            assert wasm_plugin.name == "Anchor"

        @pytest.mark.wasm(plugin="made")
        def test_below_the_root(wasm_plugin):
            assert wasm_plugin.name == "WAT plugin"
        """
        }
    )
    result = project.run("--strict-markers")
    result.assert_outcomes(passed=2)


def test_marker_over_the_command_line(made):
    write_module(made.path / "anchor.wasm", Honest(name="Anchor"))
    write_package(made.path / "other", name="other")
    code = """
        import pytest

        @pytest.mark.wasm(plugin="anchor.wasm", capabilities={"dataWrite": False}, config={"boat": "Aino"})
        def test_own(wasm_plugin):
            assert wasm_plugin.name == "Anchor"
            assert wasm_plugin.config.configuration == {"boat": "Aino"}
            wasm_plugin.start()
            assert wasm_plugin.emitted == []
        """
    args = ("--wasm-plugin=made", "--wasm-plugin=other", '--wasm-capabilities={"dataWrite": true}', "--wasm-config={}")
    result = own(made, code, *args, "-v")
    assert made.counts(result) == {"passed": 1}
    result.stdout.fnmatch_lines(["test_boat.py::test_own PASSED*"])


def test_marker_on_a_class_and_a_module(made):
    code = """
        import pytest

        pytestmark = pytest.mark.wasm(plugin="made", config={"of": "module"})

        @pytest.mark.wasm(plugin="made", config={"of": "class"})
        class TestBoat:
            def test_own(self, wasm_plugin):
                assert wasm_plugin.config.configuration == {"of": "class"}

        def test_own(wasm_plugin):
            assert wasm_plugin.config.configuration == {"of": "module"}
        """
    own(made, code).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ("plugins='made'", "@pytest.mark.wasm has no plugins: plugin, capabilities, config, profile."),
        ("'made'", "@pytest.mark.wasm takes names only: plugin='made'."),
        ("plugin='none.wasm'", "plugin none.wasm: There is no file */none.wasm. Was the plugin built? *"),
        (
            "plugin='made', capabilities={'dataWrit': True}",
            'plugin made: "dataWrit" is not a capability (did you mean dataWrite?). *',
        ),
    ],
)
def test_wrong_marker(made, marker, said):
    code = f"import pytest\n@pytest.mark.wasm({marker})\ndef test_own(wasm_plugin): pass"
    result = own(made, code)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*_ ERROR at setup of test_own _*", said, "*= short test*"], consecutive=True)


# The factory.


def test_factory(made):
    write_module(made.path / "anchor.wasm", Honest(name="Anchor"))
    code = """
        import pytest

        def test_named(load_wasm_plugin):
            with load_wasm_plugin("anchor.wasm") as anchor, load_wasm_plugin("made") as other:
                assert (anchor.name, other.name) == ("Anchor", "WAT plugin")
                assert anchor.host is not other.host
                anchor.start()
                assert not other.host.deltas

        def test_not_named(load_wasm_plugin):
            with load_wasm_plugin() as plugin:
                assert plugin.id == "wat-plugin"
            assert plugin.host.plugins == {}

        def test_with_capabilities(load_wasm_plugin):
            with load_wasm_plugin(capabilities={"dataWrite": False}, config={"a": 1}) as plugin:
                assert plugin.config.configuration == {"a": 1}
                plugin.start()
                assert plugin.emitted == []

        def test_in_one_host(load_wasm_plugin, signalk):
            with load_wasm_plugin("made", host=signalk) as plugin:
                assert plugin.host is signalk
                plugin.start()
                assert signalk.deltas
            assert signalk.plugins == {}

        def test_twice_in_one_host(load_wasm_plugin, signalk):
            with load_wasm_plugin(host=signalk):
                with pytest.raises(pytest.fail.Exception, match="is loaded already"):
                    load_wasm_plugin(host=signalk).__enter__()

        def test_failing_test_unloads(load_wasm_plugin, signalk):
            with pytest.raises(ZeroDivisionError), load_wasm_plugin(host=signalk) as plugin:
                plugin.start()
                1 / 0
            assert (plugin.state, signalk.plugins) == ("stopped", {})
        """
    result = own(made, code, "--wasm-plugin=made")
    assert made.counts(result) == {"passed": 6}


def test_factory_looks_below_the_root_only(made):
    """Not in the folder above it."""
    write_module(made.path / "anchor.wasm")
    (made.path / "project").mkdir()
    (made.path / "project" / "pytest.ini").write_text("[pytest]")
    (made.path / "project" / "test_boat.py").write_text(
        "def test_own(load_wasm_plugin):\n    with load_wasm_plugin('anchor.wasm'): pass"
    )
    result = made.run("--rootdir=project", "-c", "project/pytest.ini", "project")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["plugin project/anchor.wasm: There is no file */project/anchor.wasm. *"])


def test_factory_within_given(made):
    code = """
        from hypothesis import given, settings
        from hypothesis import strategies as st

        seen = []

        @settings(max_examples=20, database=None)
        @given(speed=st.floats(0, 50))
        def test_own(load_wasm_plugin, speed):
            with load_wasm_plugin() as plugin, plugin.running():
                assert plugin.host.clock.timestamp() == "2026-01-01T00:00:00.000Z"
                before = len(plugin.emitted)
                plugin.host.publish("navigation.speedOverGround", speed)
                assert len(plugin.emitted) == before + 1
                seen.append(speed)

        def test_it_was_run():
            assert len(seen) >= 5
        """
    result = own(made, code, "--wasm-plugin=made")
    assert made.counts(result) == {"passed": 2}


def test_the_same_bytes_from_the_same_host(made):
    code = """
        def test_own(load_wasm_plugin):
            runs = []
            for _ in range(2):
                with load_wasm_plugin() as plugin, plugin.running():
                    plugin.host.advance(5)
                    runs.append((plugin.emitted, [str(record) for record in plugin.log]))
            assert runs[0] == runs[1]
        """
    assert made.counts(own(made, code, "--wasm-plugin=made")) == {"passed": 1}


def test_the_plugins_own_words_in_status(made):
    write_package(made.path / "made", Honest(status=call("sk_set_status", text("Žluťoučký kůň"))))
    code = "def test_own(wasm_plugin):\n    wasm_plugin.start()\n    assert wasm_plugin.status == 'Žluťoučký kůň'"
    assert made.counts(own(made, code, "--wasm-plugin=made")) == {"passed": 1}
