"""The commands of `refhost`."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from honest import Honest, value
from wat import TRAP, call, text

import corpus
from refhost.cli import main


@pytest.fixture
def refhost(tmp_path):
    """Runs a command; plugins and files go into `tmp_path`."""

    def run(*words, **more):
        return CliRunner().invoke(main, [str(word) for word in words], **more)

    return run


@pytest.fixture
def folder(tmp_path):
    """Writes a plugin's package, and says where it is."""

    def write(plugin=None):
        package = (plugin or Honest()).package()
        (tmp_path / "plugin.wasm").write_bytes(package.binary)
        (tmp_path / "package.json").write_text(json.dumps({**package.manifest, "wasmManifest": "plugin.wasm"}))
        return tmp_path

    return write


def test_inspect_says_what_is_in_a_plugin(refhost):
    done = refhost("inspect", corpus.plugin("hello-c"))
    assert done.exit_code == 0
    for part in ("dialect     buffer", "env.sk_set_status", "needs       dataWrite for sk_handle_message"):
        assert part in done.output
    assert done.output.endswith("refhost: links it\n  signalk-server 2.32: links it\n")


def test_inspect_talks_to_programs(refhost):
    found = json.loads(refhost("inspect", corpus.plugin("hello-component"), "--json").output)
    assert found["dialect"] == "component"
    assert found["hosts"]["signalk-server 2.32"] == {"links": False, "reason": "it links no components"}
    names = {entry["name"]: entry for entry in found["imports"]}
    assert names["delta-handler.handle-message"]["section"] == "§10"
    assert found["capabilities"]["implied"] == {"dataWrite": ["handle-message"]}


def test_inspect_names_what_does_not_fit(refhost, folder):
    plugin = Honest(
        imports='(import "env" "sk_log_debug" (func (param i32 i32)))', capabilities={"httpEndpoints": True}
    )
    output = refhost("inspect", folder(plugin)).output
    assert "import env.sk_log_debug: the host has no function" in output
    assert "needs       putHandlers for sk_register_put_handler  NOT GRANTED" in output
    assert "refhost: cannot link it: import env.sk_log_debug" in output


def test_run_writes_what_is_emitted_and_logs_apart(refhost, folder, tmp_path):
    deltas = tmp_path / "log.jsonl"
    deltas.write_text(value("navigation.speedOverGround", "3") + "\n\n" + value("a.b", "1") + "\n")
    done = refhost("run", folder(), "--config", '{"greeting":"hi"}', "--deltas", deltas, "--seconds", "1")
    emitted = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 0
    assert {delta["updates"][0]["$source"] for delta in emitted} == {"wat-plugin"}
    assert "plugins.wat.heard" in [u["values"][0]["path"] for d in emitted for u in d["updates"] if "values" in u]
    assert "[status] Running" in done.stderr


def test_run_reads_deltas_from_standard_input(refhost, folder):
    done = refhost("run", folder(), "--deltas", "-", input=value("navigation.speedOverGround", "3"))
    assert "plugins.wat.heard" in done.stdout


def test_two_runs_are_the_same_to_the_byte(refhost, folder):
    words = ("run", folder(), "--deltas", corpus.DELTAS / "ordinary.jsonl", "--speed", "1", "--seed", "7")
    first, second = refhost(*words), refhost(*words)
    assert (first.stdout, first.stderr) == (second.stdout, second.stderr)
    assert first.stdout


def test_a_plugin_that_does_not_start_is_exit_code_1(refhost, folder):
    done = refhost("run", folder(Honest(start=TRAP)))
    assert done.exit_code == 1
    assert "The plugin did not start: plugin_start trapped: unreachable" in done.stderr


def test_a_plugin_that_falls_is_exit_code_1(refhost, folder):
    done = refhost("run", folder(Honest(delta=TRAP)), "--deltas", corpus.DELTAS / "ordinary.jsonl")
    assert done.exit_code == 1
    assert "delta_handler trapped" in done.stderr


def test_a_plugins_words_do_not_act_on_the_terminal(refhost, folder):
    done = refhost("run", folder(Honest(start=call("sk_debug", text("\x1b[31mred")))))
    assert "\x1b" not in done.stderr
    assert "\\x1b[31mred" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "missing.wasm"), "There is no file missing.wasm."),
        (("inspect", "missing.wasm"), "There is no file missing.wasm."),
        (("serve", "missing.wasm"), "There is no file missing.wasm."),
        (("run", "PLUGIN", "--config", "{x"), "--config: '{x' is not JSON"),
        (("run", "PLUGIN", "--config", "[]"), "is JSON, but not an object"),
        (("run", "PLUGIN", "--config", "@missing"), "--config: missing cannot be read"),
        (("run", "PLUGIN", "--deltas", "missing"), "--deltas: missing cannot be read"),
        (("serve",), "Missing argument"),
    ],
)
def test_usage_errors_are_a_sentence(refhost, folder, words, message):
    done = refhost(*[folder() if word == "PLUGIN" else word for word in words])
    assert done.exit_code == 2
    assert message in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(("line", "message"), [("{", "The delta is not JSON"), ("5", "That is no delta")])
def test_lines_that_are_no_deltas_are_named(refhost, folder, line, message):
    done = refhost("run", folder(), "--deltas", "-", input=line)
    assert done.exit_code == 2
    assert message in done.output
