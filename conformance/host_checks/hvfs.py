"""HVFS: the tree of files that a plugin sees, what of it lasts, and that nothing outside of it can be named."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from conformance.drivers.records import Installed
from conformance.host_checks.registry import host_check
from conformance.host_trial import Probe, line
from conformance.trial import require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.host_trial import HostTrial

FILES = "probe-files"
NOENT = "44"
FOREIGN = "the secret of another"
_OUTSIDE = ("etc/passwd", "proc/self/environ")
# What a host makes (HVFS-003). Other checks make it again, so that they judge their own matter where it does not.
_MAKE = tuple(line("mkdir", name) for name in ("data", "config", "tmp"))


def _read(probe: Probe, path: str) -> list[str]:
    """The errno of reading a file, and what was read."""
    told = probe.do(line("read", path))
    require(told, f"the probe told nothing of reading {path}")
    return told[0][1:]


def _files(probe: Probe) -> dict[str, bytes]:
    return {path.lstrip("/"): data for path, data in probe.session.files.items()}


@contextmanager
def _running(trial: HostTrial) -> Iterator[Probe]:
    """A probe that runs, with its directories."""
    with trial.probe(FILES) as probe:
        probe.run(*_MAKE)
        yield probe


@host_check("HVFS-001")
def round_trip(trial: HostTrial) -> None:
    """Words with characters of more than a byte."""
    with _running(trial) as probe:
        told = probe.do(line("write", "data/log.txt", "Ærø 🚢"), line("read", "data/log.txt"))
        require(told == [["write", "0"], ["read", "0", "Ærø 🚢"]], f"writing and reading told {told}")


@host_check("HVFS-002")
def preopened(trial: HostTrial) -> None:
    """From descriptor 3 on."""
    with trial.probe(FILES) as probe:
        told = probe.run(line("preopens"))
        require(told == [["preopens", "0", "/"]], f"what is preopened is {told}")


@host_check("HVFS-003")
def directories(trial: HostTrial) -> None:
    """Before the plugin has made any."""
    with trial.probe(FILES) as probe:
        told = probe.run(*(line("write", f"{name}/x", "1") for name in ("data", "config", "tmp")))
        require(all(entry[1] == "0" for entry in told), f"writing into data/, config/ and tmp/ told {told}")


@host_check("HVFS-004")
def outlives_stop(trial: HostTrial) -> None:
    """Written by one start, read by the next."""
    with trial.probe(FILES) as probe:
        probe.run(*_MAKE, line("write", "data/x", "kept"))
        told = probe.run(line("read", "data/x"))
        require(told == [["read", "0", "kept"]], f"after a restart reading told {told}")


@host_check("HVFS-005")
def outlives_load(trial: HostTrial) -> None:
    """Written by one load, read by the next."""
    with trial.probe(FILES) as probe:
        probe.run(*_MAKE, line("write", "data/x", "kept"), line("write", "config/y", "too"))
        probe.session.stop()
        probe.session.reload()
        told = probe.run(line("read", "data/x"), line("read", "config/y"))
        require(told == [["read", "0", "kept"], ["read", "0", "too"]], f"after a reload reading told {told}")


@host_check("HVFS-006")
def empty_tmp(trial: HostTrial) -> None:
    """Files in all three, and in a directory below tmp."""
    names = ("data/x", "config/x", "tmp/x", "tmp/deep/x")
    with trial.probe(FILES) as probe:
        probe.run(*_MAKE, line("mkdir", "tmp/deep"), *(line("write", name, "1") for name in names))
        probe.session.stop()
        probe.session.empty_tmp()
        left = sorted(_files(probe))
        require(left == ["config/x", "data/x"], f"after tmp/ was emptied there are {left}")


def _stays_inside(probe: Probe, path: str) -> None:
    """Writing at a path stays in the tree or fails; reading a file of the machine by it does not work."""
    told = probe.do(line("write", path, "escaped"))
    inside = any(data == b"escaped" for data in _files(probe).values())
    require(told and (told[0][1] != "0" or inside), f"write {path} answered 0, and the file is not in the tree")


@host_check("HVFS-007")
def parent(trial: HostTrial) -> None:
    """At the root, below it, and over and over."""
    paths = ("..", "../..", "data/../..", "data/../../..", "../../../../../../../../..", "data/./../..")
    with _running(trial) as probe:
        for up in paths:
            for name in _OUTSIDE:
                found = _read(probe, f"{up}/{name}")
                require(found[0] != "0", f"{up}/{name} was read")
            _stays_inside(probe, f"{up}/{up.count('.')}-{len(up)}.txt")


@host_check("HVFS-008")
def absolute(trial: HostTrial) -> None:
    """With one slash and with more."""
    with _running(trial) as probe:
        for name in _OUTSIDE:
            for path in (f"/{name}", f"//{name}", f"data//../..//{name}"):
                found = _read(probe, path)
                require(found[0] != "0", f"{path} was read")
        _stays_inside(probe, "/tmp/absolute.txt")  # noqa: S108 - in the plugin's own tree


@host_check("HVFS-009")
def same_file(trial: HostTrial) -> None:
    """Many names of one file."""
    with trial.probe(FILES) as probe:
        probe.run(*_MAKE, line("mkdir", "data/deep"), line("write", "data/x", "one"))
        for path in ("data//x", "./data/x", "data/./x", "data/deep/../x", "tmp/../data/x", "data/deep/..//./x"):
            found = _read(probe, path)
            require(found == ["0", "one"], f"{path} is data/x, and reading it told {found}")


def _link(trial: HostTrial, target: str, path: str, through: str) -> None:
    with _running(trial) as probe:
        told = probe.do(line("symlink", target, path))
        found = _read(probe, through)
        require(found[0] != "0", f"a link to {target} answered {told}, and {through} was read through it")
        require(not any(b"root:" in data for data in _files(probe).values()), f"the host followed a link to {target}")


@host_check("HVFS-010")
def absolute_link(trial: HostTrial) -> None:
    """To a file, and to a directory."""
    _link(trial, "/etc/passwd", "data/link", "data/link")
    _link(trial, "/etc", "data/link", "data/link/passwd")


@host_check("HVFS-011")
def relative_link(trial: HostTrial) -> None:
    """To a file, to a directory, and by two links that are innocent each."""
    up = "../" * 12
    _link(trial, f"{up}etc/passwd", "data/link", "data/link")
    _link(trial, up, "data/link", "data/link/etc/passwd")
    with trial.probe(FILES) as probe:
        probe.run(*_MAKE, line("mkdir", "data/a"), line("mkdir", "data/a/b"), line("symlink", "a/b", "data/in"))
        probe.do(line("symlink", "in/../../..", "data/out"))
        for name in _OUTSIDE:
            found = _read(probe, f"data/out/{name}")
            require(found[0] != "0", f"data/out/{name} was read through two links")


@host_check("HVFS-012")
def hard_link(trial: HostTrial) -> None:
    """By each way out."""
    with _running(trial) as probe:
        for number, source in enumerate(("/etc/passwd", f"{'../' * 12}etc/passwd")):
            probe.do(line("link", source, f"data/link{number}"))
            found = _read(probe, f"data/link{number}")
            require(found[0] != "0", f"{source} was read through a hard link")


@host_check("HVFS-013")
def other_plugin(trial: HostTrial) -> None:
    """By every name that its directory could have."""
    with trial.host() as home:
        other = trial.load(home, FILES, package="other")
        other.run(*_MAKE, line("write", "data/secret", FOREIGN))
        other.session.stop()
        probe = trial.load(home, FILES, package="thief")
        probe.run(*_MAKE)
        for up in ("..", "../..", "../../..", "data/../.."):
            for way in ("other/vfs/data/secret", "plugin-config-data/other/vfs/data/secret", "vfs/data/secret"):
                found = _read(probe, f"{up}/{way}")
                require(found[0] != "0", f"{up}/{way} was read: {found}")
        for target in ("../other/vfs/data/secret", "../../other/vfs/data/secret", "../../../other/vfs/data/secret"):
            probe.do(line("symlink", target, "data/link"))
            found = _read(probe, "data/link")
            require(FOREIGN not in found, f"a link to {target} led to the other plugin's file")
            probe.do(line("unlink", "data/link"))
        for up in ("../..", "../../..", "../../../.."):
            probe.do(line("symlink", up, "data/up"))
            for way in ("other/vfs/data/secret", "plugin-config-data/other/vfs/data/secret"):
                found = _read(probe, f"data/up/{way}")
                require(FOREIGN not in found, f"through a link to {up} the other plugin's file was read at {way}")
            probe.do(line("unlink", "data/up"))
        require(FOREIGN not in _read(probe, "data/secret"), "two plugins share one tree")


@host_check("HVFS-014")
def own_configuration(trial: HostTrial) -> None:
    """Written to by every name that it could have."""
    with _running(trial) as probe:
        before = dict(probe.session.configuration)
        paths = ("../probe.json", "../../probe.json", "probe.json", "../../plugin-config-data/probe.json")
        for path in paths:
            found = _read(probe, path)
            require(found[0] != "0", f"{path} was read: {found}")
        for path in paths:
            probe.do(line("write", path, '{"enabled":true,"configuration":{"stolen":1}}'))
        after = dict(probe.session.configuration)
        require(after == before, f"its configuration was {before}, and is {after}")


@host_check("HVFS-015")
def nul(trial: HostTrial) -> None:
    """In the middle of a name."""
    with _running(trial) as probe:
        told = probe.do(line("write", "data/a\0b", "1"), line("read", "data/a"))
        require(told[0][1] != "0", "a file with a NUL in its name was written")
        require(told[1][1] != "0", "the name was cut at the NUL")


@host_check("HVFS-016")
def long_name(trial: HostTrial) -> None:
    """One part of many characters, and many parts."""
    with _running(trial) as probe:
        for path in (f"data/{'x' * 5000}", "data/" + "y/" * 3000 + "z", "../" * 20_000 + "x"):
            told = probe.do(line("read", path))
            require(told and told[0][1] != "0", f"a name of {len(path)} characters was read: {told}")
            probe.do(line("write", path, "1"))
        require(probe.session.state == "running", f"afterwards the plugin is {probe.session.state}")


@host_check("HVFS-017")
def folders(trial: HostTrial) -> None:
    """Through their whole life."""
    with _running(trial) as probe:
        told = probe.do(
            *(line("mkdir", "data/a"), line("write", "data/a/x", "1"), line("list", "data/a"), line("rmdir", "data/a")),
            *(line("rename", "data/a", "data/b"), line("read", "data/b/x"), line("unlink", "data/b/x")),
            *(line("rmdir", "data/b"), line("list", "data/b")),
        )
        codes = [entry[1] == "0" for entry in told]
        wanted = [True, True, True, False, True, True, True, True, False]
        require(codes == wanted, f"the calls told {told}")
        names = [name for name in told[2][2].split() if name not in {".", ".."}]
        require(names == ["x"], f"data/a holds x, and listing it told {told[2]}")


@host_check("HVFS-018")
def file_changes(trial: HostTrial) -> None:
    """Through its whole life."""
    with _running(trial) as probe:
        told = probe.do(
            *(line("write", "data/x", "one"), line("append", "data/x", " two"), line("rename", "data/x", "data/y")),
            *(line("read", "data/y"), line("read", "data/x"), line("write", "data/y", "3"), line("read", "data/y")),
            *(line("unlink", "data/y"), line("read", "data/y")),
        )
        require(told[3] == ["read", "0", "one two"], f"after appending, reading told {told[3]}")
        require(told[4] == ["read", NOENT], f"after renaming, the old name told {told[4]}")
        require(told[6] == ["read", "0", "3"], f"after writing anew, reading told {told[6]}")
        require(told[8] == ["read", NOENT], f"after unlinking, reading told {told[8]}")


@host_check("HVFS-019")
def not_there(trial: HostTrial) -> None:
    """A file, and a directory."""
    with trial.probe(FILES) as probe:
        told = probe.run(line("read", "data/none"), line("write", "data/none/x", "1"), line("list", "none"))
        require([entry[1] for entry in told] == [NOENT] * 3, f"what is not there told {told}")


@host_check("HVFS-020")
def failing_write(trial: HostTrial) -> None:
    """A full disk."""
    with trial.probe(FILES) as probe:
        probe.run(line("write", "data/x", "old"))
        probe.session.fail_writes("ENOSPC")
        told = probe.do(line("write", "data/new", "1"))
        require(told and told[0][1] == "51", f"on a full disk writing told {told}, not 51 (ENOSPC)")
        require(probe.session.state == "running", f"afterwards the plugin is {probe.session.state}")


@host_check("HVFS-021")
def environment(trial: HostTrial) -> None:
    """All of it."""
    with trial.probe(FILES, package="@boat/probe") as probe:
        told = probe.run(line("environ"))
        require(told[0][2].split() == ["PLUGIN_ID=_boat_probe"], f"the environment is {told[0][2]!r}")


@host_check("HVFS-022")
def arguments(trial: HostTrial) -> None:
    """Not even a program's name."""
    with trial.probe(FILES) as probe:
        told = probe.run(line("args"))
        require(told[0][1] == "0" and not told[0][2].strip(), f"the arguments are {told[0][1:]}")


@host_check("HVFS-023")
def output(trial: HostTrial) -> None:
    """Both ways."""
    with trial.probe(FILES) as probe:
        probe.run(line("print", "1", "words on stdout"), line("print", "2", "words on stderr"))
        probe.session.stop()
        logged = "\n".join(record.text for record in probe.log)
        for words in ("words on stdout", "words on stderr"):
            require(words in logged, f"the log does not have the {words}")


@host_check("HVFS-024")
def randomness(trial: HostTrial) -> None:
    """Of two hosts, and twice of one."""
    seen = []
    for _ in range(2):
        with trial.probe(FILES) as probe:
            told = probe.run(line("random"), line("random"))
            seen.append([entry[2] for entry in told])
    require(seen[0] == seen[1], f"two hosts of one seed gave {seen[0][0]} and {seen[1][0]}")
    require(seen[0][0] != seen[0][1], f"twice 16 random bytes are the same: {seen[0][0]}")


@host_check("HVFS-025")
def clock(trial: HostTrial) -> None:
    """An hour."""
    with trial.probe(FILES) as probe:
        probe.run()
        first = int(probe.do(line("clock"))[0][2])
        probe.home.advance(3600)
        second = int(probe.do(line("clock"))[0][2])
        require(second - first == 3600, f"when 3600 s had passed, the clock had moved by {second - first} s")


@host_check("HVFS-026")
def exits(trial: HostTrial) -> None:
    """From start."""
    with trial.host() as home:
        probe = trial.load(home, FILES)
        probe.start(line("exit", "3"), line("say", "after"))
        require(["after"] not in probe.told, "proc_exit returned")
        require(probe.session.state == "error", f"after proc_exit(3) in start the plugin is {probe.session.state}")
        other = trial.load(home, package="another")
        require(other.start(line("say", "here")) == "running", "afterwards a plugin in order does not run")


_EARLY = {
    ";; more imports": '(import "wasi_snapshot_preview1" "path_create_directory"'
    " (func $mkdir (param i32 i32 i32) (result i32)))",
    ";; more data": '(data (i32.const 1024) "data/early")',
    "(call $give (i32.const 32)": "(drop (call $mkdir (i32.const 3) (i32.const 1024) (i32.const 10)))"
    " (call $give (i32.const 32)",
    # Zero when the directory was not there yet.
    "(i32.const 0) (; start ;)": "(call $mkdir (i32.const 3) (i32.const 1024) (i32.const 10))",
}


@host_check("HVFS-027")
def early(trial: HostTrial) -> None:
    """A directory that is made in `plugin_name`, and once more in start."""
    with trial.probe("plain", changes=_EARLY) as probe:
        probe.session.start({})
        code = probe.session.status_code
        require(code == 0, f"a directory was made while metadata was read: making it in start is errno {code}")


@host_check("HVFS-028")
def both_sides(trial: HostTrial) -> None:
    """One file from each."""
    with trial.probe(FILES) as probe:
        probe.run()
        probe.session.write_file("/data/chart", b"depths")
        require(_read(probe, "data/chart") == ["0", "depths"], "the plugin cannot read the host's file")
        probe.do(line("write", "data/track", "points"))
        require(_files(probe).get("data/track") == b"points", f"the host sees {sorted(_files(probe))}")


@host_check("HVFS-029")
def at_boot(trial: HostTrial) -> None:
    """It writes a file into each in start."""
    names = [f"{name}/x" for name in ("data", "config", "tmp")]
    script = "\n".join(line("write", name, "kept") for name in names)
    with trial.host() as home:
        probe = Probe(home, home.boot(Installed(trial.package(FILES), {"script": script}))[0])
        require(all(entry[1] == "0" for entry in probe.told), f"writing {', '.join(names)} told {probe.told}")
        found = sorted(_files(probe))
        require(found == sorted(names), f"it wrote {', '.join(names)}, and in its tree are {found}")
