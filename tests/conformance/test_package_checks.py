"""PKG: what the mutants do not show: what does not apply, what is taken, archives, what cannot be judged."""

import io
import json
import tarfile

import pytest
from honest import Honest
from packaged import FILES, MANIFEST, SIGNALK, Packaged, png
from plugin_files import write_module

from conformance import npm_pack
from conformance.catalogue import catalogue, requirement
from conformance.judge import judge
from conformance.subject import Subject
from conformance.verdict import Outcome
from refhost.package import read_package

IDS = [entry.id for group in catalogue() if group.name == "PKG" for entry in group.requirements]
OF_WHAT_IS_PUBLISHED = [f"PKG-0{number:02}" for number in (9, 10, 11, 12, 13, 14)]


def verdict(requirement_id, package):
    return judge(requirement(requirement_id), Subject(package))


def packaged(requirement_id, **changes):
    return verdict(requirement_id, Packaged(**changes).package())


def write_archive(path, *, files=FILES, **manifest):
    made = {**MANIFEST, "signalk": SIGNALK, **manifest}
    members = {"package.json": json.dumps(made).encode(), "plugin.wasm": Honest().binary(), **files}
    with tarfile.open(path, "w:gz") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return read_package(path)


@pytest.mark.parametrize("requirement_id", IDS)
def test_a_bare_file_has_no_package(requirement_id, tmp_path):
    found = verdict(requirement_id, read_package(write_module(tmp_path / "plugin.wasm")))
    assert found.outcome is Outcome.NOT_APPLICABLE
    assert found.reason == "the plugin was given without a package.json"


@pytest.mark.parametrize("requirement_id", IDS)
def test_webassembly_text_has_no_package(requirement_id, tmp_path):
    (tmp_path / "plugin.wat").write_text("(module)")
    found = verdict(requirement_id, read_package(tmp_path / "plugin.wat"))
    assert found.outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("requirement_id", IDS)
def test_a_file_whose_package_is_around_it_is_judged_with_it(requirement_id):
    assert packaged(requirement_id, given="plugin.wasm").outcome is Outcome.PASS


@pytest.mark.parametrize("requirement_id", IDS)
def test_an_archive_is_judged_by_what_is_in_it(requirement_id, tmp_path):
    published = {name: data for name, data in FILES.items() if not name.startswith("src/")}
    found = verdict(requirement_id, write_archive(tmp_path / "wat.tgz", files=published))
    if requirement_id == "PKG-012":
        assert found.reason == "an archive holds only what is published"
    else:
        assert (found.outcome, found.reason) == (Outcome.PASS, "")


@pytest.mark.parametrize(
    ("requirement_id", "seen"),
    [
        ("PKG-010", "signalk.appIcon names './img/icon.png', which is not there"),
        ("PKG-014", "it would publish src/plugin.wat"),
    ],
)
def test_an_archive_with_something_wrong(requirement_id, seen, tmp_path):
    files = {"src/plugin.wat": b"", "img/one.png": png()}
    assert verdict(requirement_id, write_archive(tmp_path / "wat.tgz", files=files)).reason == seen


@pytest.mark.parametrize("version", ["0.0.0", "1.2.3-beta.1", "1.0.0+build.7", "10.20.30-rc-1.0.x+exp.sha"])
def test_semantic_versions(version):
    assert packaged("PKG-002", manifest={"version": version}).outcome is Outcome.PASS


@pytest.mark.parametrize("version", ["1", "1.0.0-", "1.0.0-01", "1.0.0+", " 1.0.0", "1.0.0\n", "1.0.x", 1, "１.0.0"])  # noqa: RUF001 - a full-width digit
def test_what_is_no_semantic_version(version):
    assert packaged("PKG-002", manifest={"version": version}).outcome is Outcome.FAIL


@pytest.mark.parametrize("name", ["a", "@boats/wat-plugin", "wat.plugin_2", "0", "w" * 214])
def test_names(name):
    assert packaged("PKG-001", manifest={"name": name}).outcome is Outcome.PASS


@pytest.mark.parametrize("license_", ["MIT", "(MIT OR Apache-2.0)", "UNLICENSED", "SEE LICENSE IN LICENSE.txt"])
def test_licenses(license_):
    assert packaged("PKG-004", manifest={"license": license_}).outcome is Outcome.PASS


@pytest.mark.parametrize("main", ["plugin.wasm", "./plugin.wasm"])
def test_main_may_name_the_binary(main):
    assert packaged("PKG-007", manifest={"main": main}).outcome is Outcome.PASS


def test_images_on_the_web_are_not_published():
    address = "https://example.org/icon.png"
    found = packaged("PKG-010", signalk={"appIcon": address})
    assert (found.outcome, found.reason) == (
        Outcome.NOT_APPLICABLE,
        "the package names addresses on the web, and no files",
    )
    assert packaged("PKG-011", signalk={"screenshots": [address, "img/one.png"]}).outcome is Outcome.PASS


@pytest.mark.parametrize("path", ["img/icon.png", "./img/icon.png", "/img/icon.png", " img/icon.png "])
def test_paths_begin_at_the_package(path):
    assert packaged("PKG-010", signalk={"appIcon": path}).outcome is Outcome.PASS


def test_a_path_that_leaves_the_package_is_not_read():
    found = packaged("PKG-010", signalk={"appIcon": "../../../../etc/passwd"})
    assert found.reason == "signalk.appIcon names '../../../../etc/passwd', which is not there"
    assert packaged("PKG-013", signalk={"appIcon": "../plugin.wasm"}).outcome is Outcome.PASS


def test_an_icon_in_svg():
    icon = b"<?xml version='1.0'?><!-- a boat --><svg xmlns='http://www.w3.org/2000/svg'/>"
    assert packaged("PKG-013", files={"img/icon.png": icon}).outcome is Outcome.PASS


def test_without_icon_screenshots_and_companions():
    none = {"signalk": None}
    reasons = {i: packaged(i, manifest=none).reason for i in ("PKG-010", "PKG-011", "PKG-013", "PKG-015", "PKG-016")}
    assert list(reasons.values()) == [
        "the package names no icon",
        "the package names no screenshots",
        "the package publishes no icon and no screenshots",
        "the package has no signalk.requires",
        "the package has no signalk.recommends",
    ]


def test_without_pages():
    found = packaged("PKG-012", files={"public/index.html": None})
    assert (found.outcome, found.reason) == (Outcome.NOT_APPLICABLE, "the package has no files in public/")


def test_pages_may_leave_something_out():
    files = {"public/app.js.map": b""}
    found = packaged("PKG-012", manifest={"files": ["plugin.wasm", "img", "public", "!**/*.map"]}, files=files)
    assert found.outcome is Outcome.PASS


def test_needless_files_are_counted():
    files = {f"img/{number}.ts": b"" for number in range(9)}
    found = packaged("PKG-014", files=files)
    assert found.reason == "it would publish img/0.ts, img/1.ts, img/2.ts, img/3.ts, img/4.ts, img/5.ts and 3 more"


@pytest.mark.parametrize("requirement_id", OF_WHAT_IS_PUBLISHED)
def test_what_cannot_be_read_is_not_judged_and_says_what_to_do(requirement_id):
    found = packaged(requirement_id, manifest={"files": ["plugin.wasm", "@(img|public)"]})
    assert found.cascade
    assert found.outcome is Outcome.FAIL
    assert "the pattern '!@(img|public)' is of a kind that is not read here" in found.reason
    assert "Give the .tgz that `npm pack` makes instead of the folder." in found.reason


def test_the_folder_is_looked_through_once(monkeypatch):
    calls = []
    monkeypatch.setattr("conformance.published.packed", lambda *args: calls.append(args) or npm_pack.packed(*args))
    subject = Subject(Packaged().package())
    for requirement_id in OF_WHAT_IS_PUBLISHED:
        assert judge(requirement(requirement_id), subject).outcome is Outcome.PASS
    assert len(calls) == 1


def test_words_of_the_package_cannot_act_on_a_terminal():
    found = packaged("PKG-019", manifest={"keywords": ["signalk-wasm-plugin", "signalk-category-\x1b[31m"]})
    assert "\x1b" not in found.reason
