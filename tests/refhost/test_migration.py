"""Taking over files of a Node.js plugin (contract §8)."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refhost.clock import Clock
from refhost.errors import ConfigurationError
from refhost.storage import Storage, migrate
from refhost.wasi.vfs import Vfs

FILES = {"state.json": b"{}", "tracks/2024.gpx": b"<gpx/>", "empty": b""}


@pytest.fixture(params=["memory", "disk"])
def vfs(request, tmp_path):
    storage = Storage(Clock(), directory=tmp_path / "server" if request.param == "disk" else None)
    yield storage.vfs("p")
    storage.close()


@pytest.fixture(params=["files", "directory"])
def legacy(request, tmp_path):
    if request.param == "files":
        return dict(FILES)
    folder = tmp_path / "legacy"
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def originals(legacy):
    if isinstance(legacy, dict):
        return legacy
    return {str(path.relative_to(legacy)): path.read_bytes() for path in legacy.rglob("*") if path.is_file()}


def test_named_files_are_copied_and_the_originals_stay(legacy, vfs):
    done = migrate(legacy, ["state.json", "tracks/2024.gpx", "none.json", "tracks/none", "no/way"], vfs)
    assert done.copied == {"state.json": 2, "tracks/2024.gpx": 6}
    assert done.skipped == dict.fromkeys(["none.json", "tracks/none", "no/way"], "is missing")
    assert vfs.files() == {"/data/state.json": b"{}", "/data/tracks/2024.gpx": b"<gpx/>"}
    assert originals(legacy) == FILES


def test_what_the_plugin_has_already_is_not_taken_back(legacy, vfs):
    migrate(legacy, ["state.json"], vfs)
    vfs.write("/data/state.json", b"newer")
    assert migrate(legacy, ["state.json", "empty"], vfs).skipped == {"state.json": "is in data/ already"}
    assert vfs.files() == {"/data/empty": b"", "/data/state.json": b"newer"}


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../secret", "..", ".", "", "a//b", "a/", "a\0b"])
def test_names_that_leave_the_directory_are_refused_before_anything_is_copied(legacy, vfs, tmp_path, name):
    (tmp_path / "secret").write_bytes(b"s")
    with pytest.raises(ConfigurationError, match="is no name of a file"):
        migrate(legacy, ["state.json", name], vfs)
    assert vfs.files() == {}


def test_links_are_not_followed(tmp_path, vfs):
    legacy = tmp_path / "legacy"
    legacy.mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_bytes(b"s")
    (legacy / "link").symlink_to(tmp_path / "outside/secret")
    (legacy / "folder").symlink_to(tmp_path / "outside")
    (legacy / "plain").write_bytes(b"1")
    (legacy / "own").symlink_to("plain")
    (legacy / "inner").mkdir()
    os.mkfifo(legacy / "pipe")
    done = migrate(legacy, ["link", "folder/secret", "own", "inner", "pipe", "plain/x", "plain"], vfs)
    assert done.copied == {"plain": 1}
    assert done.skipped == {
        "link": "is a link, or behind one",
        "folder/secret": "is a link, or behind one",
        "own": "is a link, or behind one",
        "inner": "is a directory",
        "pipe": "is no regular file",
        "plain/x": "is behind something that is no directory",
    }


def test_a_link_that_the_plugin_made_in_data_is_not_written_through(legacy, vfs):
    vfs.write("/config/mine", b"1")
    vfs.root_directory().symlink("../config/mine", "data/state.json")
    vfs.root_directory().symlink("../config", "data/tracks")
    done = migrate(legacy, ["state.json", "tracks/2024.gpx"], vfs)
    assert done.copied == {}
    assert done.skipped["tracks/2024.gpx"] == "is a link, or behind one"
    assert vfs.files() == {"/config/mine": b"1"}


def test_no_directory_at_all(tmp_path, vfs):
    assert migrate(tmp_path / "none", ["a"], vfs).skipped == {"a": "is missing"}


@given(st.dictionaries(st.text(), st.binary(max_size=9)), st.lists(st.text()))
def test_whatever_the_names_only_data_changes(files, names):
    vfs = Vfs()
    vfs.write("/config/own", b"1")
    try:
        done = migrate(files, [*files, *names], vfs)
    except ConfigurationError:
        assert vfs.files() == {"/config/own": b"1"}
        return
    assert {*done.copied, *done.skipped} == {*files, *names}
    found = vfs.files()
    assert found.pop("/config/own") == b"1"
    assert found == {f"/data/{name}": files[name] for name in done.copied}
