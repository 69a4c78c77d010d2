"""What npm would publish, rule by rule; `tests/npm/test_npm_pack.py` compares with npm itself."""

import pytest

from conformance import npm_pack
from conformance.npm_pack import Unreadable, packed

ALWAYS = {"package.json"}


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def write(folder, *paths, **texts):
    for path in ("package.json", *paths):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("")
    for name, text in texts.items():
        (folder / f".{name}").write_text(text)


def published(folder, **manifest):
    return set(packed(folder, manifest)) - ALWAYS


def test_without_a_word_everything_is_published(folder):
    write(folder, "plugin.wasm", "src/lib.rs", ".hidden")
    assert published(folder) == {"plugin.wasm", "src/lib.rs", ".hidden"}


def test_what_is_never_published(folder):
    write(
        folder,
        ".git/HEAD",
        "node_modules/x/index.js",
        "build/node_modules/y.js",
        "package-lock.json",
        ".npmrc",
        "a/.npmrc",
        ".DS_Store",
        "old.orig",
        npmignore="",
    )
    assert published(folder) == {"build/node_modules/y.js"}


def test_files_chooses(folder):
    write(folder, "plugin.wasm", "build/a.wasm", "build/b.map", "src/lib.rs", "README.md", "LICENSE", "CHANGELOG.md")
    assert published(folder, files=["plugin.wasm"]) == {"plugin.wasm", "README.md", "LICENSE"}
    assert published(folder, files=["./build/"]) == {"build/a.wasm", "build/b.map", "README.md", "LICENSE"}
    assert published(folder, files=["build", "!**/*.map"]) == {"build/a.wasm", "README.md", "LICENSE"}
    assert published(folder, files=["build/*.{wasm,map}"]) == {"build/a.wasm", "build/b.map", "README.md", "LICENSE"}
    assert published(folder, files=[]) == {"README.md", "LICENSE"}


def test_files_as_a_text_is_read_letter_by_letter(folder):
    write(folder, "plugin.wasm", "p")
    assert published(folder, files="plugin.wasm") == {"p"}


def test_npmignore_takes_the_place_of_gitignore(folder):
    write(folder, "plugin.wasm", "src/lib.rs", gitignore="*.wasm")
    assert published(folder) == {"src/lib.rs"}
    write(folder, npmignore="# nothing but the plugin\n/src/\n")
    assert published(folder) == {"plugin.wasm"}


def test_files_goes_over_both_in_its_own_folder(folder):
    write(folder, "plugin.wasm", "build/a.wasm", "build/b.wasm", npmignore="*.wasm", gitignore="*.wasm")
    (folder / "build" / ".gitignore").write_text("*.wasm")
    assert published(folder, files=["plugin.wasm", "build"]) == {"plugin.wasm"}
    assert published(folder, files=["plugin.wasm", "build/a.wasm"]) == {"plugin.wasm", "build/a.wasm"}


def test_files_protects_what_it_names_there_and_not_its_namesakes(folder):
    write(folder, ".npmrc", "keep.orig", "build/.npmrc", "build/keep.orig", "build/a/b.wasm")
    (folder / "build" / ".npmignore").write_text("b.wasm")
    assert published(folder, files=["build", ".npmrc", "keep.orig"]) == {"keep.orig"}
    assert published(folder, files=["build/keep.orig", "build/a/b.wasm"]) == {"build/keep.orig"}


def test_main_is_published(folder):
    write(folder, "index.js", "plugin.wasm", "cli.js")
    assert published(folder, files=["plugin.wasm"], main="index.js") == {"plugin.wasm", "index.js"}
    assert published(folder, files=["plugin.wasm"], bin={"wat": "./x/../cli.js"}) == {"plugin.wasm", "cli.js"}


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        ("*.wasm", {"README", "a/b/c.txt"}),
        ("PLUGIN.*", {"README", "a/b/c.txt", "a/b/d.wasm"}),
        ("a/b", {"README", "plugin.wasm"}),
        ("b/", {"README", "plugin.wasm"}),
        ("b/*.txt", {"README", "plugin.wasm", "a/b/c.txt", "a/b/d.wasm"}),
        ("**/*.txt", {"README", "plugin.wasm", "a/b/d.wasm"}),
        ("a/**\n!a/b/d.wasm", {"README", "plugin.wasm", "a/b/d.wasm"}),
        ("*\n!*.txt", {"README"}),
        ("a/b/[^c]*", {"README", "plugin.wasm", "a/b/c.txt"}),
        ("{a,plugin.{wasm,map}}", {"README"}),
        ("{a}", {"README", "plugin.wasm", "a/b/c.txt", "a/b/d.wasm"}),
        ("?lugin.wasm", {"README", "a/b/c.txt", "a/b/d.wasm"}),
        (r"\*.wasm", {"README", "plugin.wasm", "a/b/c.txt", "a/b/d.wasm"}),
        ("README", {"README", "plugin.wasm", "a/b/c.txt", "a/b/d.wasm"}),
    ],
)
def test_patterns(folder, rules, left):
    write(folder, "README", "plugin.wasm", "a/b/c.txt", "a/b/d.wasm", npmignore=rules)
    assert published(folder) == left


def test_links_are_left_out(folder):
    write(folder, "a.wasm")
    (folder / "plugin.wasm").symlink_to("a.wasm")
    (folder / "build").symlink_to(folder)
    assert published(folder, files=["plugin.wasm", "build"]) == set()


@pytest.mark.parametrize(
    "manifest",
    [
        {"files": ["a/!(b|c)"]},
        {"files": ["@(a|b)"]},
        {"files": ["a{1..3}"]},
        {"files": ["[[:alpha:]]"]},
        {"files": {"a": "b"}},
        {"files": [1]},
        {"files": ["{a,b}" * 12]},
        {"files": ["{" * 21]},
        {"files": ["a" * 5000]},
        {"workspaces": ["a"]},
    ],
)
def test_what_cannot_be_read_is_said(folder, manifest):
    write(folder)
    with pytest.raises(Unreadable, match=r"npm|pattern|files|workspaces"):
        packed(folder, manifest)


def test_too_many_files(folder, monkeypatch):
    write(folder, *(f"{number}.txt" for number in range(11)))
    monkeypatch.setattr(npm_pack, "_MOST_FILES", 10)
    with pytest.raises(Unreadable, match="more than 10 files"):
        packed(folder, {})


@pytest.mark.parametrize("pattern", ["*a" * 60 + "b", "**/" * 60 + "b", "a*" * 100 + "/" + "*a" * 100])
def test_no_pattern_takes_long(folder, pattern):
    """A pattern of the kind that regular expressions take years for."""
    write(folder, "a" * 200, "/".join(["a" * 20] * 8))
    assert len(published(folder, files=[pattern, "!" + pattern])) <= 2
