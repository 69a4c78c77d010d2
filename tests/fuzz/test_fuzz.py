"""The fuzzing itself: every target runs, the same numbers give the same inputs, and what is wrong is found."""

import os
import subprocess
import sys
import time
from pathlib import Path

import fuzzing
import pytest
from fuzzing import failure, input_of, smallest, targets
from target import Target

from refhost.jsontext import loads

COMMAND = [sys.executable, str(Path(__file__).parent)]


def run(*args, code=0):
    done = subprocess.run([*COMMAND, *args], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_a_few_targets_take_what_nobody_meant_to_write():
    assert "inputs, 0 findings" in run("delta", "binary", "archive", "--runs", "600")


@pytest.mark.long
def test_every_target_takes_it():
    said = run("--runs", "400000", "--seed", "1")
    assert "inputs, 0 findings" in said
    assert {line.split()[0] for line in said.splitlines()[:-1]} == set(targets())


def test_the_same_number_gives_the_same_input_and_another_one_another():
    inputs = [input_of("delta", 0, number) for number in range(300)]
    assert inputs == [input_of("delta", 0, number) for number in range(300)]
    assert len(set(inputs)) > 250
    assert inputs != [input_of("delta", 1, number) for number in range(300)]
    assert inputs != [input_of("json", 0, number) for number in range(300)]


def test_no_seed_has_the_time_in_it(monkeypatch, tmp_path):
    """An archive has, unless it is told not to."""
    monkeypatch.chdir(tmp_path)  # where one of them puts a file
    seeds = {}
    for moment in (1e9, 2e9):
        monkeypatch.setattr(time, "time", lambda moment=moment: moment)
        seeds[moment] = {
            name: getattr(target.seeds, "__wrapped__", target.seeds)()  # what was made before does not count
            for name, target in targets().items()
        }
    assert seeds[1e9] == seeds[2e9]


def test_inputs_are_bounded_and_are_neither_all_good_nor_all_noise():
    longest = targets()["delta"].longest
    inputs = [input_of("delta", 0, number) for number in range(2000)]
    assert max(map(len, inputs)) <= longest
    readable = sum(not failure(lambda data: loads(data.decode()), data) for data in inputs)
    assert 200 < readable < 1800


# -- that a finding is one


def _dies(data):
    if b"die" in data:
        os.abort()


def _hangs(data):
    while b"loop" in data:
        pass


def _fails(data):
    if data.count(b"a") >= 3:
        raise KeyError(data)


def _grows(data):
    if b"grow" in data:
        _grows.kept = bytearray(64 << 20)


BROKEN = {"dies": (_dies, b"die"), "hangs": (_hangs, b"loop"), "fails": (_fails, b"aa"), "grows": (_grows, b"grow")}


@pytest.fixture
def broken(monkeypatch, tmp_path):
    """The command with parsers that are broken, each in its way, and little patience."""
    program = tmp_path / "broken.py"
    program.write_text(
        f"import sys; sys.path[:0] = [{str(Path(__file__).parent)!r}]\n"
        "import fuzzing, test_fuzz, target\n"
        "fuzzing.SECONDS = 0.2; fuzzing._SHRINKING_SECONDS = 1.0; fuzzing.MOST_BYTES = 1 << 20\n"
        "made = {name: target.Target(run, lambda: (b'xxxx',), (word,), 1)"
        " for name, (run, word) in test_fuzz.BROKEN.items()}\n"
        "fuzzing.targets = lambda: made\n"
        "if __name__ == '__main__':\n"
        "    found = fuzzing.fuzz(sys.argv[1], range(300), 0)\n"
        "    print(found.inputs, [(f.what, f.data) for f in found.findings])\n"
    )
    return lambda name: (
        subprocess.run([sys.executable, str(program), name], capture_output=True, text=True, check=True).stdout
    )


@pytest.mark.long  # each is a process that has to hang, grow or die
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dies", "the process ended with -6"),
        ("hangs", "took longer than 0.2 s'"),
        ("fails", "KeyError: "),
        ("grows", "the process grew by "),
    ],
)
def test_what_is_wrong_is_found(broken, name, said):
    assert said in broken(name)


def test_the_smallest_input_is_shown():
    what = failure(_fails, b"xaxbbabbaaaa")
    assert what.startswith("KeyError")
    assert smallest(_fails, b"xaxbbabbaaaa", what) == b"aaa"


def test_a_seed_that_fails_is_said_first(monkeypatch):
    broken = Target(_fails, lambda: (b"aaa",), (b"a",), 1)
    sent = []
    monkeypatch.setattr(fuzzing, "targets", lambda: {"x": broken})
    pipe = type("Pipe", (), {"send": sent.append})
    fuzzing._work("x", range(5), 0, type("Counter", (), {"value": 0}), pipe)
    assert sent[0].what.startswith("a seed fails: KeyError")


def test_an_input_again(tmp_path):
    assert run("delta", "--number", "17").endswith("nothing is wrong\n")
    (tmp_path / "input").write_bytes(b"{}")
    assert run("delta", "--file", str(tmp_path / "input")) == "delta: b'{}'\nnothing is wrong\n"


def test_a_target_that_there_is_not():
    done = subprocess.run([*COMMAND, "dleta"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no target dleta" in done.stderr
