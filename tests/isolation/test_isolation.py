"""The process of a plugin run opens no file, socket or process that the plugin was not granted, and tells no secret."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from plugin_files import write_package
from wat import HEAP, assemble, imported, text

import corpus
from conformance.canaries import secret_of
from refhost.capabilities import Grants
from refhost.host import Host
from refhost.package import PluginPackage

WATCHED = Path(__file__).parent / "watched.py"
PLAIN = Path(corpus.__file__).parent / "probes/plain.wat"
SECRET = secret_of("the environment")
SURROUNDED = {**os.environ, "ISOLATION_CANARY": SECRET}
# What a faulty host would do, put in the place of what it does when a plugin starts.
FAULTS = {
    "a file": ("open('/etc/hostname')", "open ('/etc/hostname', 'r'"),
    "a file beside": ("open('../settings.json', 'w')", "open ('../settings.json', 'w'"),
    "a folder": ("os.listdir('/')", "os.listdir ('/',"),
    "a socket": ("__import__('socket').socket()", "socket.__new__"),
    "a process": ("__import__('subprocess').run(['true'])", "subprocess.Popen ('true'"),
    "code": ("eval('1')", "compile (b'1'"),
    "a link, followed": ("os.rename('/x/a', '/x/b')", "os.rename ('/x/a', '/x/b'"),
}


def watched(where, folder, how_many, *, fault="", before=()):
    program = [str(WATCHED), where, str(folder), how_many]
    if fault:
        patched = (
            f"import os, sys; sys.path.insert(0, {str(WATCHED.parent)!r})\n"
            "import watched\nfrom contextlib import suppress\nfrom refhost.plugin import Plugin\n"
            "from pathlib import Path\n"
            "start = Plugin.start\n"
            f"def faulty(self, *a, **k):\n with suppress(OSError):\n  {fault}\n return start(self, *a, **k)\n"
            f"Plugin.start = faulty\nwatched.packages = lambda _: [watched.read_package(Path({str(PLAIN)!r}))]\n"
            "watched.main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])"
        )
        program = ["-c", patched, *program[1:]]
    command = [*before, sys.executable, *program]
    done = subprocess.run(command, env=SURROUNDED, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def assert_isolated(seen, where, least):
    assert seen["events"] == []
    assert seen["knowing"] == 0
    assert seen["plugins"] >= least
    assert (seen["granted"] > 1000) is (where == "disk"), "on a disk it was watched as it wrote there"


@pytest.mark.parametrize(
    ("where", "how_many", "least"),
    [
        ("memory", "few", 15),
        pytest.param("memory", "some", 40, marks=pytest.mark.long),
        pytest.param("disk", "some", 40, marks=pytest.mark.long),
    ],
)
def test_a_run_does_nothing_that_no_plugin_was_granted(where, how_many, least, tmp_path):
    assert_isolated(watched(where, tmp_path, how_many), where, least)
    assert [path.name for path in tmp_path.iterdir()] == (["plugin-config-data"] if where == "disk" else [])


@pytest.mark.long  # minutes: those that loop take their whole deadline; `watched.py disk FOLDER all` as long again
def test_nor_does_one_of_every_hostile_plugin(tmp_path):
    assert_isolated(watched("memory", tmp_path, "all"), "memory", 300)


@pytest.mark.parametrize("name", FAULTS)
def test_what_a_faulty_host_does_is_seen(name, tmp_path):
    where = "disk" if name in ("a file beside", "a link, followed") else "memory"
    fault, said = FAULTS[name]
    events = watched(where, tmp_path, "some", fault=fault)["events"]
    assert [event for event in events if event.startswith(said)], events


# The same as the system sees it: what Python's hooks are not told of, a library's own calls among it.

_BELOW = re.compile(r"<([^>]*)>")
# Where a whole path is given, the working directory has no say.
_WORKING = re.compile(r'AT_FDCWD<[^>]*>(?=, "/)')
# A thread of Python's is a clone; one with another's memory only is a process.
_THREAD = "CLONE_THREAD"


def traced(log):
    """The calls between the two marks."""
    lines = log.read_text("utf-8", "replace").splitlines()
    marks = [number for number, line in enumerate(lines) if "/isolation-" in line]
    assert len(marks) == 2
    return [line for line in lines[marks[0] + 1 : marks[1]] if "resumed>" not in line and "+++" not in line]


def granted(line, folder):
    """Whether a call is about the folder alone: descriptors and whole paths lie there, others are of one part."""
    paths = [*_BELOW.findall(_WORKING.sub("", line)), *re.findall(r'"(/[^"]*)"', line)]
    parts = re.findall(r'"([^/"][^"]*)"', line)
    if any("/" in part or part == ".." for part in (parts[:1] if "readlinkat(" in line else parts)):
        return False
    return bool(paths) and "execve" not in line and all(Path(path).is_relative_to(folder) for path in paths)


@pytest.mark.strace
@pytest.mark.parametrize("where", ["memory", "disk"])
def test_the_system_sees_the_same(where, tmp_path):
    folder, log = tmp_path / "served", tmp_path / "calls"
    folder.mkdir()
    calls = "trace=%file,%network,execve,execveat,fork,vfork,clone,clone3"
    before = ["strace", "-f", "-y", "-s", "4096", "-e", calls, "-o", str(log)]
    watched(where, folder, "some", before=before)
    seen = traced(log)
    # What a symbolic link says is the plugin's own text: whoever follows it would show in another call.
    others = [line for line in seen if _THREAD not in line and "symlinkat(" not in line and not granted(line, folder)]
    assert others == []
    assert (len(seen) > 1000) is (where == "disk")


@pytest.mark.parametrize(
    "line",
    [
        '1 openat(AT_FDCWD</work>, "/etc/passwd", O_RDONLY) = 7</etc/passwd>',
        '1 openat(5</served/vfs>, "../../x", O_RDONLY) = -1 ENOENT (No such file or directory)',
        '1 openat(5</served/vfs>, "..", O_RDONLY) = 6</served>',
        '1 openat(5</served/vfs>, "link", O_RDONLY) = 6</etc/passwd>',
        '1 openat(AT_FDCWD</work>, "settings.json", O_RDONLY) = -1 ENOENT (No such file or directory)',
        "1 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 7<TCP:[1]>",
        '1 execve("/served/x", [], NULL) = 0',
    ],
)
def test_what_a_trace_must_not_hold(line):
    assert not granted(line, Path("/served"))


def test_what_it_may_hold():
    for line in (
        '1 openat(AT_FDCWD</work>, "/served/plugin-config-data", O_RDONLY) = 7</served/plugin-config-data>',
        '1 readlinkat(5</served/vfs>, "link", "../../canary", 4096) = 12',
        '1 renameat(5</served/vfs>, "a", 6</served/vfs/data>, "b") = 0',
    ):
        assert granted(line, Path("/served"))


# The environment.


def environment_teller():
    """A plugin that tells its whole environment and its arguments."""
    out = "(param $out i32) (param $max i32) (result i32)"

    def says(words):
        pointer, length = text(words).removesuffix(")").split(") ")
        return f"(memory.copy (local.get $out) {pointer}) {length})) {length})"

    kinds = ("environ", "args")
    imports = [
        imported("wasi_snapshot_preview1", f"{kind}_{what}", "i32 i32 -> i32")
        for kind in kinds
        for what in ("sizes_get", "get")
        if (kind, what) != ("args", "sizes_get")  # that one has its line already
    ]
    tells = "".join(
        f"(drop (call ${kind}_sizes_get (i32.const 64) (i32.const 68)))"
        f"(drop (call ${kind}_get (i32.const 128) (i32.const 4096)))"
        "(call $sk_debug (i32.const 4096) (i32.load (i32.const 68)))"
        for kind in kinds
    )
    return assemble(
        "\n".join(
            [
                f'(func (export "allocate") (param i32) (result i32) (i32.const {HEAP}))',
                f'(func (export "plugin_id") {out} {says("teller")})',
                f'(func (export "plugin_name") {out} {says("Teller")})',
                f'(func (export "plugin_schema") {out} {says("{}")})',
                f'(func (export "plugin_start") (param i32 i32) (result i32) {tells} (i32.const 0))',
                '(func (export "plugin_stop") (result i32) (i32.const 0))',
            ]
        ),
        imports="\n".join(imports),
    )


def test_a_plugin_is_told_nothing_of_the_environment(monkeypatch):
    monkeypatch.setenv("ISOLATION_CANARY", SECRET)
    with Host() as host:
        host.load(PluginPackage("teller", environment_teller(), "teller", Grants.declared({}))).start()
        told = [record.text for record in host.log if record.kind == "debug"]
    assert told == ["PLUGIN_ID=teller\0", ""]


@pytest.mark.long
def test_nothing_of_the_environment_is_in_a_report(tmp_path):
    write_package(tmp_path / "made")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--wasm-plugin=made", "--wasm-report=out"]
    command += ["--junitxml=out/junit.xml", "-q"]
    done = subprocess.run(command, cwd=tmp_path, env=SURROUNDED, capture_output=True, check=False)
    written = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert set(written) == {"report.json", "report.html", "summary.md", "badge.json", "junit.xml"}
    for data in (done.stdout, done.stderr, *written.values()):
        assert SECRET.encode() not in data
        assert str(tmp_path).encode() not in written["report.json"]
