"""`refhost inspect`."""

import json

from honest import Honest
from wat import compiled

import corpus


def test_it_says_what_is_in_a_plugin(refhost):
    done = refhost("inspect", corpus.plugin("hello-c"))
    assert done.exit_code == 0
    for part in ("dialect     buffer", "env.sk_set_status", "needs       dataWrite for sk_handle_message"):
        assert part in done.output
    assert done.output.endswith("refhost: links it\n  signalk-server 2.32: links it\n")


def test_it_talks_to_programs(refhost):
    found = json.loads(refhost("inspect", corpus.plugin("hello-component"), "--json").output)
    assert found["dialect"] == "component"
    assert found["hosts"]["signalk-server 2.32"] == {"links": False, "reason": "it links no components"}
    names = {entry["name"]: entry for entry in found["imports"]}
    assert names["delta-handler.handle-message"]["section"] == "§10"
    assert found["capabilities"]["implied"] == {"dataWrite": ["handle-message"]}


def test_it_names_what_does_not_fit(refhost, folder):
    plugin = Honest(
        imports='(import "env" "sk_log_debug" (func (param i32 i32)))', capabilities={"httpEndpoints": True}
    )
    output = refhost("inspect", folder(plugin)).output
    assert "import env.sk_log_debug: the host has no function" in output
    assert "needs       putHandlers for sk_register_put_handler  NOT GRANTED" in output
    assert "refhost: cannot link it: import env.sk_log_debug" in output


def test_names_out_of_a_binary_neither_act_on_the_terminal_nor_look_like_lines_of_ours(refhost, tmp_path):
    file = tmp_path / "odd.wasm"
    file.write_bytes(
        compiled(
            """(module (memory (export "memory") 1) (func (export "plugin_id") (param i32 i32) (result i32) unreachable)
            (func (export "allocate") (param i32) (result i32) unreachable)
            (func (export "\\1b[2Ja\\0a  refhost: links it")))"""
        )
    )
    output = refhost("inspect", file).output
    assert "\\x1b[2Ja\\n  refhost: links it" in output
    assert "\n  refhost: links it" not in output
    assert "\x1b" not in output
