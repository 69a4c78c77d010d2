"""The storage of a host in a real directory: where files lie, and that no crash costs a configuration (§8)."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys

import pytest
from wat import text

from refhost.clock import Clock
from refhost.host import Host
from refhost.storage import SavedConfig, Storage

OLD = SavedConfig(enabled=True, enable_debug=True, configuration={"a": "old"})
NEW = SavedConfig(enabled=True, enable_debug=True, configuration={"a": "new" * 100})
CALLS = ("open", "write", "fsync", "close", "replace", "unlink")


@pytest.fixture
def storage(tmp_path):
    storage = Storage(Clock(), directory=tmp_path)
    yield storage
    storage.close()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "plugin-config-data"


def test_files_lie_where_the_contract_says(storage, folder):
    storage.vfs("_scope_p").write("/data/x", b"1")
    storage.config_file("_scope_p").write(OLD)
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    vfs = "_scope_p/vfs"
    assert found == [
        *("_scope_p", "_scope_p.json", vfs),
        *(f"{vfs}/{name}" for name in ("config", "data", "data/x", "tmp")),
    ]
    assert (folder / "_scope_p.json").read_text() == OLD.to_json()


def test_what_was_saved_is_there_for_the_next_host(storage, tmp_path):
    storage.config_file("p").write(OLD)
    storage.vfs("p").write("/data/x", b"1")
    storage.close()
    later = Storage(Clock(), directory=tmp_path)
    assert later.config_file("p").read() == OLD
    assert later.vfs("p").files() == {"/data/x": b"1"}
    later.close()
    assert later.vfs("p").files() == {"/data/x": b"1"}, "and it opens again when it is asked"
    later.close()


def raising(error):
    def call(*_, **__):
        raise error

    return call


def failing_at(monkeypatch, moment, *, after):
    """Let the calls of the operating system fail from the `moment`-th on: as it is made, or right after it."""
    count = 0

    def failing(true):
        def call(*args, **options):
            nonlocal count
            count += 1
            if count > moment:
                raise OSError(errno.EIO, "the power is off")
            result = true(*args, **options)
            if after and count == moment:
                raise OSError(errno.EIO, "the power is off")
            return result

        return call

    for name in CALLS:
        monkeypatch.setattr(os, name, failing(getattr(os, name)))
    return lambda: count


@pytest.mark.parametrize("after", [False, True])
def test_a_save_that_fails_at_any_call_leaves_the_old_file_or_the_new_one(storage, folder, monkeypatch, after):
    file = storage.config_file("p")
    outcomes = []
    for moment in range(30):
        file.write(OLD)
        with monkeypatch.context() as patched:
            made = failing_at(patched, moment, after=after)
            try:
                file.write(NEW)
            except OSError as error:
                assert "the power is off" in str(error)  # noqa: PT017 - both ways out are judged
                done = False
            else:
                done = True
            calls = made()
        assert file.read() == (NEW if done else file.read())
        assert file.read() in (OLD, NEW)
        outcomes.append(file.read())
        if done and calls <= moment:
            break
    assert done
    assert outcomes == sorted(outcomes, key=lambda saved: saved == NEW), "once new, it stays new"
    assert outcomes.count(OLD) >= 5
    file.write(OLD)
    assert sorted(path.name for path in folder.iterdir()) == ["p.json"], "nothing of the failed ones is left"


PROGRAM = """
import os, signal, sys
from pathlib import Path
from refhost.clock import Clock
from refhost.storage import SavedConfig, Storage

count = 0

def dying(true):
    def call(*args, **options):
        global count
        count += 1
        if count == int(sys.argv[2]):
            try:
                if sys.argv[3] == "after":
                    true(*args, **options)
            finally:
                os.kill(os.getpid(), signal.SIGKILL)
        return true(*args, **options)
    return call

file = Storage(Clock(), directory=Path(sys.argv[1])).config_file("p")
file.exists
for name in ("open", "write", "fsync", "close", "replace", "unlink"):
    setattr(os, name, dying(getattr(os, name)))
file.save_configuration({"a": "new"})
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_process_killed_at_any_call_leaves_the_old_file_or_the_new_one(storage, tmp_path, when):
    file = storage.config_file("p")
    kept = []
    for moment in range(1, 30):
        file.write(OLD)
        command = [sys.executable, "-c", PROGRAM, str(tmp_path), str(moment), when]
        code = subprocess.run(command, check=False, timeout=60).returncode
        saved = file.read()
        assert saved.enabled
        assert saved.enable_debug
        kept.append(saved.configuration["a"])
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert code == 0
    assert kept == sorted(kept, key=lambda text: text == "new")
    assert kept.count("old") >= 5
    assert kept[-1] == "new"


def test_a_full_disk_is_an_answer_for_the_plugin_and_no_crash_of_the_host(tmp_path, core, package, monkeypatch):
    with Host(directory=tmp_path) as host:
        plugin = host.load(package(core(f"(i32.add (call $sk_save_config {text('{}')}) (i32.const 1))")))
        true, before = os.replace, plugin.config

        def full_from_then_on(*args, **options):
            monkeypatch.setattr(os, "replace", raising(OSError(errno.ENOSPC, "full")))
            return true(*args, **options)

        monkeypatch.setattr(os, "replace", full_from_then_on)
        plugin.start({"a": "mine"})
        assert plugin.config != before
        assert plugin.is_running, "it was told -1, and went on"
        assert [record for record in host.log if "cannot be written: [Errno 28] full" in record.text]
        assert plugin.config.configuration == {"a": "mine"}


def test_a_save_that_fails_leaves_nothing_behind(storage, folder, monkeypatch):
    storage.config_file("p").write(OLD)
    for name in ("write", "fsync", "replace"):
        with monkeypatch.context() as patched:
            patched.setattr(os, name, raising(OSError(errno.ENOSPC, "full")))
            with pytest.raises(OSError, match="full"):
                storage.config_file("p").write(NEW)
        assert [path.name for path in folder.iterdir()] == ["p.json"]


# Foreign hands.


def test_a_file_put_in_the_place_of_the_fresh_one_is_not_written_to(storage, folder, tmp_path, monkeypatch):
    storage.config_file("p").write(OLD)
    secret = tmp_path / "secret.json"
    secret.write_text("secret")
    true = os.open

    def swapping(path, flags, *args, **options):
        if path == "p.json.new":
            os.link(secret, folder / "p.json.new")
        return true(path, flags, *args, **options)

    monkeypatch.setattr(os, "open", swapping)
    with pytest.raises(FileExistsError):
        storage.config_file("p").write(NEW)
    assert secret.read_text() == "secret"


def test_a_pipe_is_no_configuration_whatever_comes_out_of_it(storage, folder):
    storage.config_file("q").write(OLD)
    os.mkfifo(folder / "p.json")
    pipe = os.open(folder / "p.json", os.O_RDWR)
    os.write(pipe, OLD.to_json().encode())
    assert storage.config_file("p").read() == SavedConfig()
    os.close(pipe)


def test_a_link_in_the_place_of_the_configuration_is_not_followed(storage, folder, tmp_path):
    storage.config_file("q").write(OLD)
    secret = tmp_path / "secret.json"
    secret.write_text(OLD.to_json())
    for name in ("p.json", "p.json.new"):
        (folder / name).symlink_to(secret)
    assert storage.config_file("p").exists
    assert storage.config_file("p").read() == SavedConfig(), "unreadable is disabled"
    storage.config_file("p").save_configuration({"a": 1})
    assert secret.read_text() == OLD.to_json()
    assert storage.config_file("p").read() == SavedConfig(configuration={"a": 1})


@pytest.mark.parametrize("what", ["directory", "pipe", "forbidden"])
def test_what_cannot_be_read_is_disabled(storage, folder, what, monkeypatch):
    storage.config_file("q").write(OLD)
    path = folder / "p.json"
    if what == "directory":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    else:
        storage.config_file("p").write(OLD)
        monkeypatch.setattr(os, "open", raising(PermissionError(errno.EACCES, "forbidden")))
    assert storage.config_file("p").read() == SavedConfig()
    assert storage.config_file("p").exists


def test_a_link_in_the_place_of_a_plugins_folder_is_not_followed(storage, folder, tmp_path):
    storage.config_file("q").write(OLD)
    (tmp_path / "elsewhere").mkdir()
    (folder / "p").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=r"Not a directory|symbolic links"):
        storage.vfs("p")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_plugin_makes_links_in_its_tree_and_reaches_neither_file_nor_neighbour(storage, folder):
    storage.config_file("p").write(OLD)
    storage.vfs("q").write("/data/x", b"q")
    root = storage.vfs("p").root_directory()
    for target in ("../../p.json", "../../../q/vfs/data/x", "../../../p.json"):
        with pytest.raises(OSError, match="not permitted"):
            root.symlink(target, "data/l")
        (folder / "p/vfs/data/l").symlink_to(target)
        with pytest.raises(OSError, match="not permitted"):
            root.stat_at("data/l", follow=True)
        root.unlink("data/l")
    assert storage.config_file("p").read() == OLD


# A whole host.


def test_a_host_with_a_directory_finds_its_plugins_as_they_were(tmp_path, core, package):
    for _ in range(2):
        with Host(directory=tmp_path) as host:
            plugin = host.load(package(core(), capabilities={}))
            before = host.storage.vfs(plugin.id).files()
            plugin.start()
            host.storage.vfs(plugin.id).write("/data/count", b"." * (len(before.get("/data/count", b"")) + 1))
            plugin.stop()
    assert (tmp_path / "plugin-config-data/probe/vfs/data/count").read_bytes() == b".."


def test_usage_and_emptying_tmp(storage, folder):
    vfs = storage.vfs("p")
    vfs.write("/data/x", b"12345")
    root = vfs.root_directory()
    root.link("data/x", root, "tmp/same")
    root.symlink("../data", "tmp/l")
    vfs.write("/tmp/a/b", b"123")
    assert (vfs.usage().bytes, vfs.usage().files) == (8, 3)
    assert vfs.clear_tmp() == 3
    assert (vfs.usage().bytes, vfs.usage().files) == (5, 1)
    assert (folder / "p/vfs/data/x").read_bytes() == b"12345"
    root.remove_directory("tmp")
    root.symlink("data", "tmp")
    vfs.clear_tmp()
    assert vfs.files() == {"/data/x": b"12345"}
