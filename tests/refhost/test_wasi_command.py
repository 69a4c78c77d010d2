"""`refhost wasi`: any WASI preview 1 program, with real streams and directories."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner
from trees import surroundings
from wasmtime import wat2wasm

from refhost.cli import main

COMMAND = (sys.executable, "-c", "from refhost.cli import main; main()", "wasi")
WASI = "wasi_snapshot_preview1"
TYPES = {
    "fd_read": "i32 i32 i32 i32",
    "fd_write": "i32 i32 i32 i32",
    "fd_close": "i32",
    "fd_prestat_get": "i32 i32",
    "fd_prestat_dir_name": "i32 i32 i32",
    "args_get": "i32 i32",
    "args_sizes_get": "i32 i32",
    "environ_get": "i32 i32",
    "environ_sizes_get": "i32 i32",
    "path_open": "i32 i32 i32 i32 i32 i64 i64 i32 i32",
    "path_rename": "i32 i32 i32 i32 i32 i32",
    "path_symlink": "i32 i32 i32 i32 i32",
    "path_unlink_file": "i32 i32 i32",
    "clock_time_get": "i32 i64 i32",
    "random_get": "i32 i32",
    "poll_oneoff": "i32 i32 i32 i32",
}
ALL_RIGHTS = "(i64.const 0x42)"  # read and write


@pytest.fixture
def module(tmp_path):
    """Makes a file of a program whose `_start` is the given code; `$x` is what WASI's functions returned last."""

    def make(code, *, more="", data="", name="program.wasm", imports=True):
        lines = [
            f'(import "{WASI}" "{function}" (func ${function} (param {types}) (result i32)))'
            for function, types in TYPES.items()
        ]
        exit_import = f'(import "{WASI}" "proc_exit" (func $proc_exit (param i32)))'
        path = tmp_path / name
        path.write_bytes(
            wat2wasm(f"""(module {" ".join([*lines, exit_import]) if imports else ""}
              (memory (export "memory") 2) {data} {more}
              (func (export "_start") (local $x i32) (local $n i32) {code}))""")
        )
        return path

    return make


def says(text, fd=1):
    """Code that writes a text, which `texts` puts into memory."""
    at, size = PLACES[text], len(text.encode())
    return (
        f"(i32.store (i32.const 0) (i32.const {at})) (i32.store (i32.const 4) (i32.const {size}))"
        f"(local.set $x (call $fd_write (i32.const {fd}) (i32.const 0) (i32.const 1) (i32.const 8)))"
    )


def dumps(at, size):
    """Code that writes a part of memory."""
    return (
        f"(i32.store (i32.const 0) {at}) (i32.store (i32.const 4) {size})"
        "(drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))"
    )


def number(value):
    return f"(i32.const {value})"


WORDS = ("hello\n", "wörld\n", "file", "new", "../out", "/etc/passwd", "none")
PLACES = {word: 60_000 + 100 * index for index, word in enumerate(WORDS)}
DATA = " ".join(
    f'(data (i32.const {PLACES[word]}) "{"".join(f"{chr(92)}{byte:02x}" for byte in word.encode())}")' for word in WORDS
)
ECHO = f"""(loop $again
  (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 100))
  (local.set $x (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
  (local.set $n (i32.load (i32.const 8)))
  (if (local.get $n) (then {dumps("(i32.const 1024)", "(local.get $n)")} (br $again))))"""


def text(word):
    return f"(i32.const {PLACES[word]}) (i32.const {len(word.encode())})"


def opened(word, fd=3, flags=1):
    """Code that opens or creates a file and leaves the descriptor at 16 and the errno in $x."""
    return (
        f"(local.set $x (call $path_open {number(fd)} (i32.const 1) {text(word)} {number(flags)} "
        f"{ALL_RIGHTS} (i64.const 0) (i32.const 0) (i32.const 16)))"
    )


EXIT_WITH_X = "(call $proc_exit (local.get $x))"


def run(*arguments, stdin=b"", env=None, cwd=None):
    """The command in a process of its own."""
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, check=False, input=stdin, capture_output=True, timeout=60, env=env, cwd=cwd)


def invoked(*arguments, stdin=b""):
    """The command in this process."""
    return CliRunner().invoke(main, ["wasi", *map(str, arguments)], input=stdin)


def test_real_streams_and_exit_code(module):
    code = says("hello\n") + says("wörld\n", fd=2) + ECHO + "(call $proc_exit (i32.const 42))"
    done = run(module(code, data=DATA), stdin="tïped".encode() * 1000)
    assert done.stdout == b"hello\n" + "tïped".encode() * 1000
    assert done.stderr == "wörld\n".encode()
    assert done.returncode == 42


def test_input_is_read_when_it_is_asked_for(module):
    """A program can answer the first line before the second is written."""
    command = [*COMMAND, str(module(ECHO))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for line in (b"one\n", b"two\n"):
            process.stdin.write(line)
            process.stdin.flush()
            assert process.stdout.readline() == line
        process.stdin.close()
        assert process.wait(60) == 0


def test_a_reader_that_has_gone_is_an_error_for_the_program(module):
    """EPIPE is 64; nothing of it is the host's trouble."""
    code = f"(loop $again {says('hello' + chr(10))} (br_if $again (i32.eqz (local.get $x)))) {EXIT_WITH_X}"
    command = [*COMMAND, str(module(code, data=DATA))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(60) == 64
        assert process.stderr.read() == b""


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (1, 1), (125, 125), (126, 1), (-1, 1)])
def test_exit_codes(module, code, expected):
    done = invoked(module(f"(call $proc_exit (i32.const {code}))"))
    assert done.exit_code == expected
    assert done.stderr == ("" if code == expected else done.stderr)
    assert ("exit codes go from 0 to 125" in done.stderr) == (code != expected)


def test_returning_is_success(module):
    assert invoked(module("(nop)")).exit_code == 0


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("unreachable", "_start trapped: unreachable"),
        ("(drop (i32.load (i32.const -1)))", "out of bounds"),
        ("(drop (i32.div_s (i32.const 1) (local.get $x)))", "divide by zero"),
        ("(call $deep)", "stack overflow"),
    ],
)
def test_a_trap_is_134_with_a_sentence(module, code, word):
    done = invoked(module(f"{says('hello' + chr(10))} {code}", data=DATA, more="(func $deep (call $deep))"))
    assert done.exit_code == 134
    assert done.stdout == "hello\n"
    assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_arguments_and_environment(module):
    code = f"""(drop (call $args_sizes_get (i32.const 16) (i32.const 20)))
      (drop (call $args_get (i32.const 1024) (i32.const 4096))) {dumps(number(4096), "(i32.load (i32.const 20))")}
      (drop (call $environ_sizes_get (i32.const 16) (i32.const 20)))
      (drop (call $environ_get (i32.const 1024) (i32.const 4096))) {dumps(number(4096), "(i32.load (i32.const 20))")}"""
    path = module(code)
    done = run(
        path, "--env", "A=1", "--env", "B=x=ü", "--", "one", "--dir", "two words", "", env={**os.environ, "C": "no"}
    )
    assert done.stdout == "program.wasm\0one\0--dir\0two words\0\0A=1\0B=x=ü\0".encode()
    assert run(path).stdout == b"program.wasm\0"


@pytest.fixture
def folder(tmp_path):
    """A directory `around/plugin/vfs` with a file in it, and canaries around it."""
    folder = tmp_path / "around/plugin/vfs"
    folder.mkdir(parents=True)
    (folder / "file").write_bytes(b"contents")
    (tmp_path / "around/plugin/out").write_bytes(b"untouched")
    return folder


CREATE = (
    opened("new")
    + (
        f"(i32.store (i32.const 0) (i32.const {PLACES['hello' + chr(10)]})) (i32.store (i32.const 4) (i32.const 6))"
        "(local.set $x (call $fd_write (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 8)))"
        f"(local.set $x (call $path_unlink_file (i32.const 3) {text('file')}))"
    )
    + EXIT_WITH_X
)


def test_a_directory_is_the_real_one(module, folder):
    done = invoked(module(CREATE, data=DATA), "--dir", f"{folder}::/")
    assert done.exit_code == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"new": b"hello\n"}


def test_a_directory_in_memory_is_a_copy(module, folder):
    before = surroundings(folder)
    (folder / "link").symlink_to("file")
    code = opened("file", flags=0) + f"(if (local.get $x) (then {EXIT_WITH_X}))" + CREATE
    assert invoked(module(code, data=DATA), "--dir", f"{folder}::/", "--memory").exit_code == 0
    (folder / "link").unlink()
    assert surroundings(folder) == before


@pytest.mark.parametrize("how", [(), ("--memory",)])
@pytest.mark.parametrize("path", ["../out", "/etc/passwd"])
def test_nothing_else_is_reachable(module, folder, how, path):
    before = surroundings(folder.parents[1])
    done = invoked(module(opened(path) + EXIT_WITH_X, data=DATA), "--dir", f"{folder}::/", *how)
    assert done.exit_code == 63
    assert surroundings(folder.parents[1]) == before


def test_without_directories_nothing_is_open(module):
    assert invoked(module(opened("file") + EXIT_WITH_X, data=DATA)).exit_code == 8


def names():
    """Code that writes the names of the preopened directories, 3 to 5."""
    return "".join(
        f"""(if (i32.eqz (call $fd_prestat_get (i32.const {fd}) (i32.const 16))) (then
          (drop (call $fd_prestat_dir_name (i32.const {fd}) (i32.const 1024) (i32.load (i32.const 20))))
          {dumps(number(1024), "(i32.load (i32.const 20))")} {says("hello" + chr(10))}))"""
        for fd in (3, 4, 5)
    )


def test_several_directories_have_their_names(module, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    path = module(names(), data=DATA)
    done = run("--dir", "a", path, "--dir", "b::/deep/b", "--dir", f"{tmp_path}::.", cwd=tmp_path)
    assert done.stdout == b"ahello\n/deep/bhello\n.hello\n"


def test_files_do_not_move_between_directories(module, tmp_path, folder):
    (tmp_path / "b").mkdir()
    code = f"(local.set $x (call $path_rename (i32.const 3) {text('file')} (i32.const 4) {text('new')})) {EXIT_WITH_X}"
    done = invoked(module(code, data=DATA), "--dir", f"{folder}::a", "--dir", f"{tmp_path / 'b'}::b")
    assert done.exit_code == 75
    assert (folder / "file").exists()


def test_a_link_out_of_the_directory_is_not_followed(module, folder):
    (folder / "new").symlink_to("../out")
    done = invoked(module(opened("new") + EXIT_WITH_X, data=DATA), "--dir", f"{folder}::/")
    assert done.exit_code == 63
    assert (folder.parent / "out").read_bytes() == b"untouched"


RANDOM = f"(drop (call $random_get (i32.const 1024) (i32.const 32))) {dumps(number(1024), number(32))}"


def test_randomness_is_seeded(module):
    path = module(RANDOM)
    first = run(path).stdout
    assert len(first) == 32
    assert run(path, "--seed", "0").stdout == first
    assert run(path, "--seed", "1").stdout != first


def test_time_moves_when_looked_at_and_a_sleep_passes_at_once(module):
    """Waits for an hour, by looking at the clock after a sleep."""
    sleep = """(i64.store (i32.const 2048) (i64.const 1)) (i32.store8 (i32.const 2056) (i32.const 0))
      (i32.store (i32.const 2064) (i32.const 1)) (i64.store (i32.const 2072) (i64.const 3600000000000))
      (drop (call $poll_oneoff (i32.const 2048) (i32.const 4096) (i32.const 1) (i32.const 8)))"""
    look = "(drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const {0})))"
    code = f"""{look.format(16)} {look.format(24)} {sleep} {look.format(32)}
      (if (i64.le_u (i64.load (i32.const 24)) (i64.load (i32.const 16))) (then unreachable))
      (if (i64.lt_u (i64.sub (i64.load (i32.const 32)) (i64.load (i32.const 24))) (i64.const 3600000000000))
        (then unreachable))"""
    before = time.monotonic()
    assert invoked(module(code)).exit_code == 0
    assert time.monotonic() - before < 60


@pytest.mark.skipif(not hasattr(signal, "SIGINT"), reason="no such signal")
def test_an_endless_program_ends_with_control_c(module):
    path = module(f"{says('hello' + chr(10))} (loop $again (br $again))", data=DATA)
    command = [*COMMAND, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"hello\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == -signal.SIGINT


# What cannot be run.


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["none.wasm"], "none.wasm cannot be read: No such file or directory."),
        (["."], "cannot be read: Is a directory."),
        (["{ok}", "--dir", "none"], "--dir: none is no directory."),
        (["{ok}", "--dir", "::x"], "--dir: '::x' is neither HOST::GUEST nor a directory."),
        (["{ok}", "--dir", "/::"], "--dir: '/::' is neither HOST::GUEST nor a directory."),
        (["{ok}", "--dir", "{ok}"], "is no directory."),
        (["{ok}", "--env", "A"], "--env: 'A' is not NAME=VALUE."),
        (["{ok}", "--env", "=A"], "--env: '=A' is not NAME=VALUE."),
        (["{ok}", "--seed", "x"], "'x' is not a valid integer"),
        (["{ok}", "--other"], "--other"),
        ([], "Missing argument"),
        (["{text}"], "Not a WebAssembly binary"),
        (["{empty}"], "Not a WebAssembly binary: the file is empty"),
        (["{component}"], "is a component (WASI 0.2)"),
        (["{cut}"], "is not valid WebAssembly"),
        (["{library}"], "is no command: it does not export a function _start"),
        (["{odd}"], "is no command: it does not export a function _start"),
        (["{bare}"], "does not export its memory under the name memory"),
        (["{foreign}"], "env.sk_debug is not a function of WASI preview 1"),
        (["{foreign}"], "wasi_snapshot_preview1.fd_reed is not a function of WASI preview 1"),
        (["{foreign}"], "wasi_snapshot_preview1.fd_close is declared as (i64)"),
        (["{foreign}"], "wasi_snapshot_preview1.fd_sync is imported as something else than a function"),
    ],
)
def test_a_usage_error_is_a_sentence_and_2(module, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    start, memory = '(func (export "_start"))', '(memory (export "memory") 1)'
    files = {
        "ok": module("(nop)").read_bytes(),
        "text": b"(module)",
        "empty": b"",
        "component": b"\0asm\x0d\0\1\0",
        "cut": module("(nop)").read_bytes()[:-3],
        "library": wat2wasm(f"(module {memory})"),
        "odd": wat2wasm(f'(module {memory} (func (export "_start") (result i32) (i32.const 0)))'),
        "bare": wat2wasm(f"(module {start})"),
        "foreign": wat2wasm(f"""(module (import "env" "sk_debug" (func (param i32 i32)))
          (import "{WASI}" "fd_reed" (func)) (import "{WASI}" "fd_close" (func (param i64)))
          (import "{WASI}" "fd_sync" (global i32)) {memory} {start})"""),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    done = invoked(*(argument.format_map({name: name for name in files}) for argument in arguments))
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
