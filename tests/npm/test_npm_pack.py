"""`conformance.npm_pack` against npm itself, on package trees made at random out of what rules are about."""

from __future__ import annotations

import json
import random
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from conformance.npm_pack import packed

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.npm

TREES = 400
SEED = 4


def words(text: str) -> list[str]:
    return text.split()


FILES = words(
    """
plugin.wasm build/plugin.wasm build/plugin.debug.wasm build/release/plugin.wasm build/plugin.wasm.map public/index.html
public/img/icon.png src/lib.rs assembly/index.ts assembly/lib/util.ts README.md Readme LICENSE LICENSE.txt license~
copying.md CHANGELOG.md docs/readme.md tests/test.js .hidden .git/HEAD node_modules/x/index.js package-lock.json
yarn.lock npm-debug.log .npmrc build/.npmrc x.orig ._x .DS_Store Cargo.toml index.js lib/main.js a/b/c.wasm a/b/d/e.txt
A/B.WASM target/wasm32/x.wasm icon.svg @x/y.txt
"""
)
IGNORED = words(
    r"""
*.wasm build/ build /build build/* build/** **/*.wasm *.ts assembly/ src /src/ **/lib a/b a/* a/**/e.txt public
public/** *.{ts,rs} {build,target}/ docs/*.md !plugin.wasm !build/plugin.wasm !**/*.wasm # * !public !public/ !public/**
*.debug.wasm build/*.map [ab]* [^p]* ?EADME.md PLUGIN.WASM node_modules !node_modules !.npmrc *.MD !README.md a/b/**
!a/b/c.wasm /* ** !a !a/b !a/ /a/ */ !*/ lib/main.js package.json .* !.hidden \*.wasm
"""
)
CHOSEN = words(
    """
plugin.wasm ./plugin.wasm /plugin.wasm build build/ ./build/ build/* build/** build/*.wasm build/plugin.wasm **/*.wasm
*.wasm public public/ src/**/*.rs !build/*.map !**/*.debug.wasm !build/plugin.debug.wasm a a/b/c.wasm a/* a/b missing
missing/ *.md docs/* README.md icon.svg {public,docs} lib/*.js node_modules node_modules/x ** * . ./ .hidden A/b.wasm
.npmrc !node_modules index.js @x
"""
)
MAINS = ["index.js", "./index.js", "lib/main.js", "plugin.wasm", "/index.js", "lib", "missing.js"]
PROGRAMS: list[object] = ["index.js", "./lib/main.js", {"x": "lib/main.js"}, {"a": "../index.js"}]


def grow(folder: Path, choose: random.Random) -> dict[str, Any]:
    """Fill a folder with files and rules; its manifest."""
    for name in choose.sample(FILES, choose.randint(3, 16)):
        if name.lower() not in {path.relative_to(folder).as_posix().lower() for path in folder.rglob("*")}:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("")
    if choose.random() < 0.15:
        (folder / "link.wasm").symlink_to("plugin.wasm")
    for name, often in ((".npmignore", 0.35), (".gitignore", 0.4)):
        for below in ("", "build", "a", "public", "a/b"):
            if (folder / below).is_dir() and choose.random() < (0.12 if below else often):
                lines = choose.sample(IGNORED, choose.randint(1, 5))
                (folder / below / name).write_text(choose.choice(["\n", "\r\n"]).join([*lines, ""]))
    manifest = describe(folder.name, choose)
    (folder / "package.json").write_text(json.dumps(manifest))
    return manifest


def describe(name: str, choose: random.Random) -> dict[str, Any]:
    """A manifest with some of the keys that npm goes by."""
    manifest: dict[str, Any] = {"name": name, "version": "1.0.0"}
    if choose.random() < 0.5:
        manifest["files"] = choose.sample(CHOSEN, choose.randint(0, 4))
    if choose.random() < 0.25:
        manifest["main"] = choose.choice(MAINS)
    if choose.random() < 0.1:
        manifest["bin"] = choose.choice(PROGRAMS)
    if choose.random() < 0.1:
        manifest["browser"] = choose.choice(MAINS[:3])
    return manifest


def npm_packs(root: Path, names: list[str]) -> dict[str, set[str]]:
    """What npm would publish of each folder, all in one call of it."""
    command = ["npm", "pack", "--dry-run", "--json", "--ignore-scripts", *(f"./{name}" for name in names)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return {
        entry["name"]: {file["path"].removeprefix("./") for file in entry["files"]} for entry in json.loads(done.stdout)
    }


def test_npm_publishes_the_same(tmp_path):
    choose = random.Random(SEED)
    manifests = {}
    for number in range(TREES):
        folder = tmp_path / f"p{number}"
        folder.mkdir()
        manifests[folder.name] = grow(folder, choose)
    published = npm_packs(tmp_path, list(manifests))
    different = {}
    for name, manifest in manifests.items():
        ours = packed(tmp_path / name, manifest)
        if ours != published[name]:
            rules = {str(p.relative_to(tmp_path / name)): p.read_text() for p in (tmp_path / name).rglob(".*ignore")}
            different[name] = {
                "manifest": manifest,
                "rules": rules,
                "only ours": sorted(ours - published[name]),
                "only npm's": sorted(published[name] - ours),
            }
    assert different == {}
    # What is compared says something: hardly two packages are alike, and rules have left out much.
    assert len({frozenset(files) for files in published.values()}) > TREES / 2
