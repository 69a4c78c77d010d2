"""The mutants are honest plugins with one thing changed; `python -m conformance kill` judges what they do."""

import base64
import json
import re
import tomllib

import pytest

import corpus
from conformance.catalogue import requirement
from corpus import build
from corpus import mutants as of_corpus
from corpus.mutants import BUILT, Edit, EditError, mutants, write

TABLES = sorted(BUILT.parent.glob("*.toml"))
every_mutant = pytest.mark.parametrize("name", mutants())


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "plugin.c").write_text("one two\n", "utf-8")
    return tmp_path


@pytest.fixture
def tabled(tmp_path, monkeypatch):
    """Has one mutant, by its row."""

    def use(name, row):
        monkeypatch.setattr(of_corpus, "mutants", lambda: {name: of_corpus._mutant(name, row)})
        return write(name, tmp_path)

    return use


def folder_of(name, into):
    """The folder of a mutant, whatever of it is given to be judged."""
    write(name, into)
    return into / name.replace(" ", "-")


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.stem)
def test_a_table_has_the_mutants_of_one_group(table):
    names = tomllib.loads(table.read_text("utf-8"))
    assert {requirement(name.partition(" ")[0]).group for name in names} == {table.stem.upper()}


@every_mutant
def test_a_mutant_is_one_sentence_and_something_else_than_it_is_made_from(name, tmp_path):
    mutant = mutants()[name]
    assert re.fullmatch(r"[A-Z][^\n]*\.", mutant.fault)
    original, changed = corpus.plugin(mutant.plugin), folder_of(name, tmp_path)
    before = {path.relative_to(original): path.read_bytes() for path in original.rglob("*") if path.is_file()}
    after = {path.relative_to(changed): path.read_bytes() for path in changed.rglob("*") if path.is_file()}
    assert before != after
    binary = mutant.binary.read_bytes()
    assert mutant.is_compiled == (binary != (original / "plugin.wasm").read_bytes())


def test_there_is_no_binary_without_a_mutant():
    assert build.orphans() == []


def test_faults_are_described_once():
    faults = [mutant.fault for mutant in mutants().values()]
    assert sorted({fault for fault in faults if faults.count(fault) > 1}) == []


# ---- how edits are made ------------------------------------------------------------------------------------------


def test_an_edit_changes_what_stands_there_once(folder):
    Edit(file="plugin.c", old="two", new="three").apply(folder)
    assert (folder / "plugin.c").read_text("utf-8") == "one three\n"


@pytest.mark.parametrize(("old", "times"), [("four", 0), ("o", 2)])
def test_an_edit_that_does_not_fit_says_so(folder, old, times):
    with pytest.raises(EditError, match=rf"plugin\.c has this {times} times, and not once: '{old}'"):
        Edit(file="plugin.c", old=old, new="").apply(folder)
    assert (folder / "plugin.c").read_text("utf-8") == "one two\n"


def test_an_edit_adds_a_file_or_takes_one_away(folder):
    Edit(file="img/icon.svg", old=None, new="<svg/>").apply(folder)
    Edit(file="plugin.c", old=None, new=None).apply(folder)
    assert [str(path.relative_to(folder)) for path in folder.rglob("*.*")] == ["img/icon.svg"]


def test_a_file_may_be_no_text(tabled):
    data = base64.b64encode(b"\x89PNG").decode()
    package = tabled("PKG-010", {"plugin": "twin-c", "fault": "", "edits": [{"file": "icon.png", "base64": data}]})
    assert (package / "icon.png").read_bytes() == b"\x89PNG"
    assert (package / "plugin.wasm").read_bytes() == (corpus.plugin("twin-c") / "plugin.wasm").read_bytes()


def test_a_binary_can_be_cut(tabled):
    package = tabled("LOAD-001", {"plugin": "twin-c", "fault": "", "edits": [], "cut": 5})
    assert (package / "plugin.wasm").read_bytes() == b"\0asm\1"


def test_a_file_of_the_package_may_be_all_that_is_given(tabled, tmp_path):
    given = tabled("PKG-008", {"plugin": "twin-c", "fault": "", "edits": [], "given": "plugin.wasm"})
    assert given == tmp_path / "PKG-008" / "plugin.wasm"
    assert given.with_name("package.json").is_file()


@pytest.mark.parametrize("file", ["plugin.c", "common/twin.c", "sdk/core.c", "assembly/index.ts", "asconfig.json"])
def test_what_a_compiler_reads_makes_another_binary(file):
    assert Edit(file=file, old=None, new="").is_of_source


@pytest.mark.parametrize("file", ["package.json", "README.md", "icon.png"])
def test_what_is_around_a_binary_does_not(file):
    assert not Edit(file=file, old=None, new="").is_of_source


def test_what_twins_share_can_be_edited(tabled, tmp_path):
    change = {"file": "common/twin.h", "old": "#define ALARM ", "new": "#define  ALARM "}
    with pytest.raises(FileNotFoundError):  # nobody has built it
        tabled("LIFE-001 unbuilt", {"plugin": "twin-c", "fault": "", "edits": [change]})
    assert "#define  ALARM " in (tmp_path / "LIFE-001-unbuilt" / "common" / "twin.h").read_text("utf-8")
    assert [path.name for path in (tmp_path / "LIFE-001-unbuilt" / "common").iterdir()] == ["twin.h"]


# ---- the builder ---------------------------------------------------------------------------------------------------


@pytest.fixture
def one_orphan(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "BUILT", tmp_path)
    monkeypatch.setattr(build, "make", lambda name, *, check: True)
    (tmp_path / "DELTA-999.wasm").write_bytes(b"")
    return tmp_path / "DELTA-999.wasm"


def test_a_binary_of_no_mutant_is_taken_away(one_orphan, capsys):
    assert build.main(["--mutants"]) == 0
    assert "DELTA-999.wasm: no mutant has this binary; taken away" in capsys.readouterr().out
    assert not one_orphan.exists()


def test_a_check_says_that_it_is_there(one_orphan, capsys):
    assert build.main(["--mutants", "--check"]) == 1
    assert "DELTA-999.wasm: no mutant has this binary" in capsys.readouterr().out
    assert one_orphan.exists()


@pytest.mark.toolchain
def test_an_edit_that_does_not_fit_is_told_by_name(monkeypatch, capsys):
    row = {"plugin": "twin-c", "fault": "", "edits": [{"file": "plugin.c", "old": "nowhere", "new": ""}]}
    found = {"DELTA-003": of_corpus._mutant("DELTA-003", row)}
    for module in (build, of_corpus):
        monkeypatch.setattr(module, "mutants", lambda: found)
    assert not build.make("DELTA-003", check=True)
    assert "plugin.c has this 0 times, and not once: 'nowhere'" in capsys.readouterr().out


def test_the_packages_of_mutants_that_are_no_packages_are_meant(tmp_path):
    """Only mutants of PKG, LOAD and META may have a package.json that is no JSON."""
    odd = []
    for name in mutants():
        manifest = folder_of(name, tmp_path) / "package.json"
        try:
            json.loads(manifest.read_text("utf-8"))
        except (OSError, ValueError):
            odd.append(mutants()[name].requirement.partition("-")[0])
    assert set(odd) <= {"PKG", "LOAD", "META"}
