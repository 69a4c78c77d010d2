"""Where configurations and files are kept (contract §8)."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refhost.clock import Clock
from refhost.storage import ROOT, SavedConfig, Storage, folder_name


@pytest.fixture(params=["memory", "disk"])
def storage(request, tmp_path):
    storage = Storage(Clock(), directory=tmp_path / "config" if request.param == "disk" else None)
    yield storage
    storage.close()


def raw(storage: Storage, plugin: str, text: bytes) -> None:
    """What another program left in the file."""
    storage._folder.replace(f"{folder_name(plugin)}.json", text)


def test_what_is_not_there_is_disabled_and_empty(storage):
    assert storage.config_file("p").read() == SavedConfig(enabled=False, enable_debug=False, configuration={})


def test_what_is_saved_is_read(storage):
    saved = SavedConfig(enabled=True, enable_debug=True, configuration={"a": ["ä", None, 1.5]})
    storage.config_file("p").write(saved)
    assert storage.config_file("p").read() == saved
    assert saved.to_json() == '{"enabled":true,"enableDebug":true,"configuration":{"a":["ä",null,1.5]}}'


def test_saving_a_configuration_keeps_the_switches(storage):
    file = storage.config_file("p")
    file.write(SavedConfig(enabled=True, enable_debug=True))
    file.save_configuration({"a": 1})
    assert file.read() == SavedConfig(enabled=True, enable_debug=True, configuration={"a": 1})


@pytest.mark.parametrize(
    "text", [b"", b"{", b"null", b"[]", b'"text"', b"\xff\xfe", b'{"enabled":NaN}', b"\0" * 10, b"[" * 5000]
)
def test_an_unreadable_file_reads_as_disabled_and_is_replaced_by_the_next_save(storage, text):
    raw(storage, "p", text)
    assert storage.config_file("p").read() == SavedConfig()
    storage.config_file("p").save_configuration({"a": 1})
    assert storage.config_file("p").read().configuration == {"a": 1}


@pytest.mark.parametrize(
    ("text", "saved"),
    [
        (b'{"enabled":1,"enableDebug":"yes","configuration":[]}', SavedConfig()),
        (b'{"enabled":true,"configuration":{"a":1},"more":2}', SavedConfig(enabled=True, configuration={"a": 1})),
        (b'\xef\xbb\xbf{"enabled":true}', SavedConfig(enabled=True)),
    ],
)
def test_only_what_has_the_right_type_is_taken(storage, text, saved):
    raw(storage, "p", text)
    assert storage.config_file("p").read() == saved


def test_a_save_that_was_cut_short_leaves_the_old_file(tmp_path, monkeypatch):
    storage = Storage(Clock(), directory=tmp_path / "config")
    file = storage.config_file("p")
    file.save_configuration({"a": "old"})

    def cut(*_, **__):
        raise OSError("power is off")

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", cut)
        with pytest.raises(OSError, match="power is off"):
            file.save_configuration({"a": "new"})
    assert file.read().configuration == {"a": "old"}
    file.save_configuration({"a": "new"})
    assert file.read().configuration == {"a": "new"}
    storage.close()


def test_a_tree_has_its_folders_and_is_the_same_ever_after(storage):
    vfs = storage.vfs("p")
    assert sorted(vfs.list()) == ["config", "data", "tmp"]
    assert storage.vfs("p") is vfs


def test_the_configuration_lies_outside_of_the_tree(storage):
    vfs = storage.vfs("p")
    storage.config_file("p").save_configuration({"secret": 1})
    before = vfs.tree_hash()
    storage.config_file("p").save_configuration({"secret": 2})
    assert vfs.tree_hash() == before
    assert not vfs.files()
    for path in ("../../p.json", "/../../p.json", "data/../../../p.json", f"{ROOT}/p.json"):
        with pytest.raises((OSError, ValueError)):
            vfs.read(path)


NAMES = [
    "a",
    "A",
    "a.json",
    "a.json.new",
    "a.json.json",
    "a/b",
    "a_b",
    "a b",
    "a:b",
    "..",
    ".",
    "_.",
    "_..",
    "",
    "_",
    "/",
    "//",
    "a" * 200,
    "a" * 201,
    "a" * 202,
    "a\0b",
    "ä",
    "a\u0308",
    "../a",
    "a/../b",
    "con",
    "#",
    "~",
]


def test_every_id_has_a_folder_and_a_file_of_its_own():
    """Two ids in one place would let a plugin read, and destroy, what is another's."""
    places = [place for name in NAMES for place in (folder_name(name), f"{folder_name(name)}.json")]
    places += [f"{folder_name(name)}.json.new" for name in NAMES]
    assert len(set(places)) == len(places)
    assert not [p for p in places if "/" in p or "\0" in p or p in (".", "..", "") or len(p.encode()) > 255]


@given(st.text(), st.text())
def test_no_two_ids_share_a_place(one, other):
    suffixes = ("", ".json", ".json.new")
    first, second = ({f"{folder_name(name)}{suffix}" for suffix in suffixes} for name in (one, other))
    assert (one == other) == bool(first & second)
    assert not [p for p in first if "/" in p or "\0" in p or p in (".", "..", "")]


@given(st.from_regex(r"[a-z0-9_][a-zA-Z0-9_-]{0,100}", fullmatch=True))
def test_a_plain_id_is_the_name_of_its_folder(name):
    assert folder_name(name) == name


@pytest.mark.parametrize("pair", [("a", "a.json"), ("a", "a.json.new"), ("x y", "x_y"), ("a" * 300, "a" * 301)])
def test_what_one_plugin_saves_is_not_seen_by_the_other(storage, pair):
    one, other = pair
    for name in pair:
        storage.vfs(name).write("data/mine", name.encode())
        storage.config_file(name).save_configuration({"mine": name})
    for name in (one, other):
        assert storage.vfs(name).read("data/mine") == name.encode()
        assert storage.config_file(name).read().configuration == {"mine": name}
