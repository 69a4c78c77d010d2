"""`refhost run`: a plugin over a log of deltas."""

from __future__ import annotations

import gzip
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from threading import Thread

import pytest
from honest import REFUSE, Honest, config_has, string_out, value, write_out
from wat import TRAP, call, text, when

import corpus
from corpus import streams
from refhost.arguments import LONGEST_LINE

FETCHING = corpus.plugin("fetch-assemblyscript")
ORDINARY = corpus.DELTAS / "ordinary.jsonl"


def test_what_is_emitted_is_written_and_the_log_apart(refhost, folder, written, lines, values):
    log = written("log.jsonl", value("navigation.speedOverGround", "3") + "\n\n" + value("a.b", "1") + "\n")
    done = refhost("run", folder(), "--config", '{"greeting":"hi"}', "--deltas", log, "--seconds", "1")
    emitted = lines(done.stdout)
    assert done.exit_code == 0
    assert {delta["updates"][0]["$source"] for delta in emitted} == {"wat-plugin"}
    assert [path for path, _ in values(emitted)].count("plugins.wat.heard") == 1
    assert "[status] Running" in done.stderr


def test_a_plugin_that_fetches_emits_what_the_recorded_answers_make_of_it(refhost, written, lines):
    answers = written(
        "answers.json",
        [
            {"url": "https://example.org/answer", "body": "Moi", "times": 1},
            {"url": "https://example.org/answer", "body": {"wind": 7}},
            {"method": "POST", "url": "https://example.org/report", "status": 201, "body": "thanks"},
        ],
    )
    done = refhost("run", FETCHING, "--answers", answers, "--deltas", ORDINARY, "--seconds", "3")
    head = {"$source": "fetch-assemblyscript"}

    def delta(second, **new):
        entries = [{"path": f"plugins.fetch.{name}", "value": entry} for name, entry in new.items()]
        return {
            "context": "vessels.urn:mrn:signalk:uuid:8f7a0b52-6c1d-4e9a-9d43-2b5e7c10a6f4",
            "updates": [{**head, "timestamp": f"2026-01-01T00:00:0{second}.000Z", "values": entries}],
        }

    assert lines(done.stdout) == [
        delta(0, answer="Moi", characters=3),
        *(delta(0, heard=number) for number in (1, 2, 3)),
        delta(1, answer='{"wind":7}', characters=10),
    ]
    assert (done.exit_code, "[error]" in done.stderr) == (0, False)


def test_without_an_answer_that_is_what_it_says(refhost, values, lines):
    done = refhost("run", FETCHING)
    assert ("plugins.fetch.answer", None) in values(lines(done.stdout))
    assert "[error] No answer from https://example.org/answer" in done.stderr


def test_a_packed_log_gives_what_it_gives_unpacked(refhost, tmp_path):
    packed = tmp_path / "ordinary.jsonl.gz"
    packed.write_bytes(gzip.compress(ORDINARY.read_bytes()))
    plain, done = (refhost("run", corpus.plugin("hello-c"), "--deltas", log) for log in (ORDINARY, packed))
    assert plain.stdout.count("plugins.hello.heard") == 3
    assert (done.exit_code, done.stdout, done.stderr) == (0, plain.stdout, plain.stderr)


def test_a_log_comes_through_a_pipe(process, tmp_path):
    """It is there once, so that it cannot be looked through before."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=lambda: pipe.write_bytes(gzip.compress(ORDINARY.read_bytes())), daemon=True)
    writer.start()
    done = process("run", corpus.plugin("hello-c"), "--deltas", pipe)
    writer.join(10)
    assert (done.returncode, done.stdout.count(b"plugins.hello.heard")) == (0, 3)


def test_deltas_are_read_from_standard_input(refhost, folder):
    done = refhost("run", folder(), "--deltas", "-", input=value("navigation.speedOverGround", "3"))
    assert "plugins.wat.heard" in done.stdout


def test_time_passes_after_each_delta(refhost, written, lines):
    log = written("log.jsonl", "\n".join([value("navigation.speedOverGround", "3")] * 3))
    done = refhost("run", corpus.plugin("hello-c"), "--deltas", log, "--speed", "2.5")
    moments = [delta["updates"][0]["timestamp"][17:23] for delta in lines(done.stdout)]
    assert moments == ["00.000", "00.000", "02.500", "05.000"]


def test_the_configuration_comes_from_a_file(refhost, folder, written):
    fussy = folder(Honest(start=when(f"(i32.eqz {config_has('sesame')})", REFUSE, "(return (i32.const 3))")))
    file = written("boat.json", {"word": "sesame"})
    assert refhost("run", fussy, "--config", f"@{file}").exit_code == 0
    assert refhost("run", fussy).exit_code == 1


def test_capabilities_are_those_that_are_given(refhost):
    plugin = corpus.plugin("hello-c")
    assert refhost("run", plugin).stdout
    done = refhost("run", plugin, "--capabilities", '{"dataWrite": false}', "--deltas", ORDINARY)
    assert (done.exit_code, done.stdout) == (0, "")
    assert "[error] The capability dataWrite is missing" in done.stderr


def test_files_and_configurations_stay_in_the_directory(refhost, tmp_path, lines, values):
    plugin, directory = corpus.plugin("hello-rust"), tmp_path / "boat" / "config"
    first = refhost("run", plugin, "--directory", directory, "--config", '{"answer": false}', "--deltas", ORDINARY)
    second = refhost("run", plugin, "--directory", directory, "--deltas", ORDINARY)
    starts = [dict(values(lines(done.stdout)))["plugins.hello.starts"] for done in (first, second)]
    assert starts == [1, 2]
    assert (directory / "plugin-config-data/hello-rust/vfs/data/starts.txt").read_text() == "2"
    # Told once, not to answer is what it keeps to.
    assert "heard" not in first.stdout + second.stdout


def test_the_log_as_json_lines(refhost, lines):
    done = refhost("run", corpus.plugin("hello-c"), "--json")
    records = lines(done.stderr)
    assert {tuple(record) for record in records} == {("time", "plugin", "kind", "function", "text")}
    assert [r["text"] for r in records if r["kind"] == "status"] == ["Started, run 1", "Stopped"]


@pytest.mark.parametrize("plugin", [Honest(start=TRAP), Honest(delta=TRAP)], ids=["start", "delta"])
def test_the_end_of_the_log_is_json_too(refhost, folder, lines, plugin):
    done = refhost("run", folder(plugin), "--json", "--deltas", ORDINARY)
    last = lines(done.stderr)[-1]
    assert done.exit_code == 1
    assert (last["plugin"], last["kind"]) == ("", "fault")
    assert "trapped: unreachable" in last["text"]


# It logs eight letters that it has drawn.
DRAWN = (
    "(drop (call $random_get (i32.const 64) (i32.const 8))) (i64.store (i32.const 64) (i64.add (i64.const "
    "0x6161616161616161) (i64.and (i64.load (i32.const 64)) (i64.const 0x0f0f0f0f0f0f0f0f)))) "
    + call("sk_debug", "(i32.const 64) (i32.const 8)")
)


def test_two_runs_with_the_same_seed_are_the_same_to_the_byte(refhost, folder):
    plugin = folder(Honest(start=DRAWN))

    def run(seed):
        done = refhost("run", plugin, "--deltas", ORDINARY, "--speed", "1", "--seed", seed)
        assert done.stdout
        return done.stdout, done.stderr

    assert run(7) == run(7)
    assert run(7) != run(8)


def test_a_plugin_that_does_not_start_is_exit_code_1(refhost, folder):
    done = refhost("run", folder(Honest(start=TRAP)))
    assert done.exit_code == 1
    assert "The plugin did not start: plugin_start trapped: unreachable" in done.stderr


def test_a_plugin_that_falls_is_exit_code_1(refhost, folder):
    done = refhost("run", folder(Honest(delta=TRAP)), "--deltas", ORDINARY)
    assert done.exit_code == 1
    assert "The plugin ended badly: delta_handler trapped" in done.stderr


def test_a_plugins_words_do_not_act_on_the_terminal(refhost, folder, lines, values):
    loud = Honest(start=call("sk_debug", text("\x1b[31mred")), deltas=(value("a.b", '"\x9b31m\u202eder"'),))
    done = refhost("run", folder(loud))
    assert "\\x1b[31mred" in done.stderr
    assert '"\\u009b31m\\u202eder"' in done.stdout
    assert not {"\x1b", "\x9b", "\u202e"} & set(done.stdout + done.stderr)
    # To a program the value is what it was.
    assert ("a.b", "\x9b31m\u202eder") in values(lines(done.stdout))


def test_why_a_plugin_ended_does_not_act_on_the_terminal_either(refhost, folder):
    endpoints = '[{"method":"GET","path":"/api/x","handler":"\\u001b[2J\\nfine"}]'
    trapping = '(func (export "\\1b[2J\\0afine") (param i32 i32 i32 i32) (result i32) unreachable)'
    named = Honest(exports={"http_endpoints": string_out("http_endpoints", write_out(endpoints)), "trapping": trapping})
    done = refhost("run", folder(named), "--request", "GET /plugins/wat-plugin/api/x")
    last = done.stderr.splitlines()[-1]
    assert last.startswith("The plugin ended badly: \\x1b[2J\\nfine trapped")
    assert "\x1b" not in done.stdout + done.stderr


def on_a_terminal(*words, output=subprocess.DEVNULL):
    """What a command writes to a terminal as its standard error, its standard output going elsewhere."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "refhost.cli", *map(str, words)]
    with subprocess.Popen(command, stderr=follower, stdout=output) as running:
        os.close(follower)
        seen = b""
        with suppress(OSError):  # so a terminal says that nobody writes to it any more
            while part := os.read(leader, 65536):
                seen += part
        os.close(leader)
    assert running.returncode == 0
    return seen.decode()


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize(("count", "shown"), [(1200, True), (20, False)])
def test_long_logs_have_a_bar_on_a_terminal(folder, written, count, shown, packed):
    log = written("long.jsonl", "\n".join([value("navigation.speedOverGround", "3")] * count))
    if packed:
        log.write_bytes(gzip.compress(log.read_bytes()))
    talkative = folder(Honest(delta=call("sk_debug", text("Heard"))))
    seen = on_a_terminal("run", talkative, "--deltas", log)
    assert ("100%" in seen) is shown
    # Nothing is written behind the bar: it is wiped first, or its own last line has ended.
    assert all(part.endswith(("\r", "\n", "\x1b[K")) for part in seen.split("2026-01-01T")[:-1] if "%" in part)


@pytest.mark.long
def test_four_hours_of_a_boat_go_through_a_plugin_with_a_bar_and_twice_the_same(tmp_path):
    def replay(name):
        log = streams.file("plaka")
        with (tmp_path / name).open("wb") as output:
            seen = on_a_terminal("run", corpus.plugin("twin-c"), "--deltas", log, "--speed", "0.25", output=output)
        return seen, (tmp_path / name).read_bytes()

    seen, emitted = replay("one")
    steps = [int(percent) for percent in re.findall(r"(\d+)%", seen)]
    assert steps == sorted(steps)
    assert set(steps) >= {1, 50, 99, 100}
    assert emitted.count(b'"plugins.twin.heard"') == 7250
    assert replay("two")[1] == emitted


def test_what_goes_elsewhere_leaves_the_bar_standing(folder, written):
    log = written("long.jsonl", "\n".join([value("navigation.speedOverGround", "3")] * 1200))
    seen = on_a_terminal("run", folder(), "--deltas", log)
    assert "100%" in seen
    assert "\x1b[K" not in seen


def test_elsewhere_there_is_no_bar(process, written):
    log = written("long.jsonl", "\n".join([value("navigation.speedOverGround", "3")] * 1200))
    done = process("run", corpus.plugin("hello-c"), "--deltas", log)
    assert b"%" not in done.stderr
    assert done.stdout.count(b"plugins.hello.heard") == 1200


def test_a_reader_that_goes_away_is_no_error(written):
    log = written("long.jsonl", "\n".join([value("navigation.speedOverGround", "3")] * 3000))
    command = [sys.executable, "-m", "refhost.cli", "run", str(corpus.plugin("hello-c")), "--deltas", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout.readline()
        running.stdout.close()
        said = running.stderr.read()
    assert b"Traceback" not in said
    assert running.returncode == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "Missing argument 'PLUGIN'"),
        (("missing.wasm",), "There is no file missing.wasm. Was the plugin built?"),
        (("PLUGIN", "--config", "{x"), "--config: '{x' is not JSON"),
        (
            ("PLUGIN", "--config", "[]"),
            "--config: '[]' is JSON, but not an object. Give a JSON object, such as --config",
        ),
        (("PLUGIN", "--config", "@missing"), "--config: missing cannot be read: No such file or directory."),
        (("PLUGIN", "--config", "@FILE"), "cannot be read: it is not UTF-8."),
        (("PLUGIN", "--capabilities", "{"), "--capabilities: '{' is not JSON"),
        (("PLUGIN", "--capabilities", "5"), "--capabilities: '5' is JSON, but not an object."),
        (("PLUGIN", "--capabilities", '{"dataWrit": true}'), "(did you mean dataWrite?)"),
        (("PLUGIN", "--capabilities", '{"dataRead": 1}'), "--capabilities: dataRead is true or false, not 1."),
        (("PLUGIN", "--deltas", "missing"), "--deltas: missing cannot be read: No such file or directory."),
        (("PLUGIN", "--deltas", "FILE"), "cannot be read: it is not UTF-8."),
        (("PLUGIN", "--deltas", "/"), "--deltas: / cannot be read: Is a directory."),
        (("PLUGIN", "--answers", "FILE"), "is not UTF-8"),
        (("PLUGIN", "--answers", "missing"), "missing cannot be read"),
        (("PLUGIN", "--directory", "FILE"), "Invalid value for '--directory'"),
        (("PLUGIN", "--speed", "-1"), "Invalid value for '--speed': '-1' is not a number from 0 to 1e+09."),
        (("PLUGIN", "--speed", "nan"), "'nan' is not a number"),
        (("PLUGIN", "--seconds", "soon"), "Invalid value for '--seconds': 'soon' is not a number"),
        (("PLUGIN", "--seed", "x"), "Invalid value for '--seed'"),
        (("PLUGIN", "--request", "hello"), "--request: 'hello' is no request. Give METHOD PATH [JSON]"),
    ],
)
def test_usage_errors_are_a_sentence(refhost, folder, tmp_path, words, message):
    file = tmp_path / "file"
    file.write_bytes(b"\xff")
    done = refhost("run", *[{"PLUGIN": folder(), "FILE": file, "@FILE": f"@{file}"}.get(word, word) for word in words])
    said = done.stderr.splitlines()
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in said[-1]
    assert [line for line in said if line.startswith("Error: ")] == said[-1:]


@pytest.mark.parametrize(("line", "message"), [("{", "The delta is not JSON"), ("5", "That is no delta")])
def test_lines_that_are_no_deltas_are_named(refhost, folder, line, message):
    done = refhost("run", folder(), "--deltas", "-", input=value("a.b", "1") + "\n\n" + line)
    assert done.exit_code == 2
    assert f"Error: --deltas, line 3: {message}" in done.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{}\n\xff", "it is not UTF-8."),
        (gzip.compress(b"{}\n\xff"), "it is not UTF-8."),
        (gzip.compress(ORDINARY.read_bytes())[:-1], "what gzip has packed there is damaged, or its end is missing."),
        (gzip.compress(b" " * (LONGEST_LINE + 1)), f"its line 1 is longer than {LONGEST_LINE} bytes."),
    ],
)
def test_nothing_runs_when_the_log_has_a_fault_anywhere(refhost, folder, tmp_path, content, message):
    log = tmp_path / "log.jsonl.gz"
    log.write_bytes(content)
    done = refhost("run", folder(), "--deltas", log)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == f"Error: --deltas: {log} cannot be read: {message}"


def test_a_line_of_standard_input_has_a_bound(refhost, folder):
    done = refhost("run", folder(), "--deltas", "-", input=value("a.b", "1") + "\n" + " " * (LONGEST_LINE + 1))
    assert done.exit_code == 2
    assert f"Error: --deltas: standard input cannot be read: its line 2 is longer than {LONGEST_LINE}" in done.stderr


def test_a_directory_that_cannot_be_used_is_a_sentence(refhost, folder, tmp_path):
    (tmp_path / "plugin-config-data").write_text("in the way")
    done = refhost("run", folder(), "--directory", tmp_path)
    assert done.exit_code == 2
    assert f"Error: --directory: {tmp_path} cannot be used: File exists." in done.stderr


def test_names_in_errors_neither_act_on_the_terminal_nor_look_like_lines_of_ours(refhost, folder):
    odd = Honest(imports='(import "env" "sk_a\\0aError: \\1b[2J" (func))')
    plugin = folder(odd)
    done = refhost("run", plugin)
    assert done.exit_code == 2
    assert "import env.sk_a\\nError: \\x1b[2J" in done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith("Error: ")] == [
        f"Error: {plugin} cannot be linked:"
    ]
