"""Mutants whose package is at fault: its manifest, and what npm would publish of it."""

from __future__ import annotations

from honest import NAME
from packaged import FILES, MANIFEST, Packaged, png

from mutants.mutant import Mutant


def _manifest(match: str, **changes: object) -> Mutant:
    return Mutant(match=match, plugin=Packaged(manifest=changes))


def _signalk(match: str, **changes: object) -> Mutant:
    return Mutant(match=match, plugin=Packaged(signalk=changes))


def _files(match: str, **options: object) -> Mutant:
    """The whole folder is published but for what an ignore file leaves out."""
    files = {name: data.encode() for name, data in options.items()}
    return Mutant(match=match, plugin=Packaged(manifest={"files": None}, files={"src/plugin.wat": None, **files}))


_KEYWORDS = MANIFEST["keywords"]

MUTANTS = {
    "PKG-001": _manifest("name is 'WAT-plugin': it holds capital letters", name="WAT-plugin"),
    "PKG-001 characters": _manifest("it holds characters that no package's name has", name="wat plugin"),
    "PKG-001 dot": _manifest("it begins with a dot", name="@boats/.wat"),
    "PKG-001 long": _manifest("it has 215 characters", name="w" * 215),
    "PKG-001 reserved": _manifest("npm keeps this name for itself", name="node_modules"),
    "PKG-001 special": _manifest("it holds one of ~", name="wat!"),
    "PKG-002": _manifest("version is '1.0'", version="1.0"),
    "PKG-002 missing": _manifest("there is no version", version=None),
    "PKG-002 leading zero": _manifest("version is '01.0.0'", version="01.0.0"),
    "PKG-002 v": _manifest("version is 'v1.0.0'", version="v1.0.0"),
    "PKG-003": _manifest("there is no description", description=None),
    "PKG-003 blank": _manifest("description is ' '", description=" "),
    "PKG-004": _manifest("there is no license", license=None),
    "PKG-004 words": _manifest("license is 'Apache 2', which is no SPDX expression", license="Apache 2"),
    "PKG-004 object": _manifest("which is no SPDX expression", license={"type": "MIT"}),
    "PKG-005": _manifest("there are no keywords", keywords=None),
    "PKG-005 text": _manifest("not a list", keywords="signalk-wasm-plugin"),
    "PKG-005 slip": _manifest("('signalk-wasm-plugins' is another word)", keywords=["signalk-wasm-plugins"]),
    "PKG-006": _manifest(
        "keywords holds signalk-node-server-plugin", keywords=[*_KEYWORDS, "signalk-node-server-plugin"]
    ),
    "PKG-007": _manifest("main names index.js", main="index.js"),
    "PKG-007 exports": _manifest(
        "exports names ./a.js", exports={".": {"require": "./a.js", "default": "./plugin.wasm"}}
    ),
    "PKG-008": Mutant(
        match="plugin.wasm', which does not lead from package.json",
        plugin=Packaged(manifest={"wasmManifest": "FOLDER/plugin.wasm"}, given="plugin.wasm"),
    ),
    "PKG-009": _manifest('plugin.wasm would not be published: it is not in "files"', files=["img", "public"]),
    "PKG-009 taken out": _manifest('not in "files"', files=["*", "img", "public", "!*.wasm"]),
    "PKG-009 npmignore": _files("it is left out by .npmignore", **{".npmignore": "*.wasm", ".gitignore": ""}),
    "PKG-009 gitignore": _files("left out by .gitignore, which npm goes by", **{".gitignore": "PLUGIN.*"}),
    "PKG-009 link": Mutant(
        match="a symbolic link, which npm leaves out",
        plugin=Packaged(files={"plugin.wasm": "img/plugin.bin", "img/plugin.bin": FILES["README.md"]}),
    ),
    "PKG-010": _signalk(
        "signalk.appIcon names './icon.png', which is not there; img/icon.png is published", appIcon="./icon.png"
    ),
    "PKG-010 left out": _manifest(
        "'./img/icon.png', which is not in \"files\"", files=["plugin.wasm", "public", "img/one.png"]
    ),
    "PKG-011": _signalk(
        "signalk.screenshots[1] names 'img/two.png', which is not there", screenshots=["img/one.png", "img/two.png"]
    ),
    "PKG-012": _manifest("nothing of public/ would be published", files=["plugin.wasm", "img"]),
    "PKG-012 index": Mutant(
        match='public/index.html would not be published: it is not in "files"',
        plugin=Packaged(manifest={"files": ["plugin.wasm", "img", "public/*.css"]}, files={"public/style.css": b""}),
    ),
    "PKG-013": Mutant(match="./img/icon.png is 64 by 64 pixels", plugin=Packaged(files={"img/icon.png": png(64, 64)})),
    "PKG-013 oblong": Mutant(match="is 256 by 128 pixels", plugin=Packaged(files={"img/icon.png": png(256, 128)})),
    "PKG-013 kind": Mutant(
        match="./img/icon.png is neither PNG nor SVG", plugin=Packaged(files={"img/icon.png": b"GIF89a"})
    ),
    "PKG-013 screenshot": Mutant(
        match="./img/one.png is neither PNG nor JPEG", plugin=Packaged(files={"img/one.png": b"RIFF"})
    ),
    "PKG-013 heavy": Mutant(
        match="./img/one.png has 600 KiB", plugin=Packaged(files={"img/one.png": png() + bytes(600 * 1024)})
    ),
    "PKG-013 many": _signalk("there are 7 screenshots, of which 6 are shown", screenshots=["img/one.png"] * 7),
    "PKG-014": _manifest("it would publish src/plugin.wat", files=["plugin.wasm", "img", "public", "src"]),
    "PKG-014 second binary": Mutant(
        match="it would publish img/debug.wasm", plugin=Packaged(files={"img/debug.wasm": b"\0asm"})
    ),
    "PKG-014 glue": Mutant(
        match="it would publish plugin.js",
        plugin=Packaged(manifest={"files": ["plugin.*", "img", "public"]}, files={"plugin.js": b"export {}"}),
    ),
    "PKG-014 tests": Mutant(match="it would publish img/tests/a.js", plugin=Packaged(files={"img/tests/a.js": b""})),
    "PKG-015": _signalk("signalk.requires holds 'charts@1.0.0': it names a version", requires=["charts@1.0.0"]),
    "PKG-015 itself": _signalk("names the package itself", requires=[NAME]),
    "PKG-015 text": _signalk("signalk.requires is 'charts', not a list", requires="charts"),
    "PKG-015 number": _signalk("signalk.requires holds 1, which is no text", requires=[1]),
    "PKG-015 empty": _signalk("signalk.requires holds '': it is empty", requires=[""]),
    "PKG-016": _signalk("signalk.recommends holds 'free board'", recommends=["free board"]),
    "PKG-017": _manifest("scripts has postinstall", scripts={"postinstall": "make"}),
    "PKG-018": _manifest("dependencies names as-fetch", dependencies={"as-fetch": "2.1.4"}),
    "PKG-018 peers": _manifest("peerDependencies names", peerDependencies={"signalk-charts-plugin": "*"}),
    "PKG-019": _manifest(
        "there is no category signalk-category-safety", keywords=["signalk-wasm-plugin", "signalk-category-safety"]
    ),
    "PKG-020": _signalk("signalk.displayName is 7, where a text belongs", displayName=7),
    "PKG-020 section": _manifest("signalk is 'WAT', where an object belongs", signalk="WAT"),
    "PKG-020 enabled": _manifest(
        "is 'yes', where true or false belongs", **{"signalk-plugin-enabled-by-default": "yes"}
    ),
    "PKG-020 deprecated": _signalk("signalk.deprecated is 'no'", deprecated="no"),
    "PKG-021": _signalk("it is marked as deprecated", deprecated=True),
    "PKG-021 keyword": _manifest("it is marked as deprecated", keywords=["signalk-wasm-plugin", "signalk-deprecated"]),
}
