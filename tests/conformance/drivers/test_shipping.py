"""Packages on their way to another process: all of it lands in the folder, and nothing outside."""

import dataclasses

import pytest
from packaged import Packaged

from conformance.drivers.shipping import lay_out
from conformance.drivers.smoke import probe
from refhost.errors import ConfigurationError
from refhost.package import read_package


def laid_out(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_package_is_as_it_was_installed(tmp_path):
    package = Packaged(files={"public/js/app.js": b"1"}).package()
    wasm = lay_out(package, tmp_path / "here")
    assert wasm == tmp_path / "here" / "plugin.wasm"
    again = read_package(tmp_path / "here")
    assert dataclasses.replace(again, origin=package.origin, manifest_path=package.manifest_path) == package
    assert set(package.public) == {"index.html", "js/app.js"}


def test_a_bare_binary_has_no_manifest(tmp_path):
    package = dataclasses.replace(probe(), id="", manifest={})
    assert lay_out(package, tmp_path / "here") == tmp_path / "here" / "plugin.wasm"
    assert list(laid_out(tmp_path)) == ["here/plugin.wasm"]


@pytest.mark.parametrize(
    "named",
    ["../outside.wasm", "/tmp/outside.wasm", "build/../../outside.wasm", "package.json", "", ".", "a\0b", 5, None],
)
def test_a_binary_that_would_lie_elsewhere_is_in_the_folder(tmp_path, named):
    """Its package.json still says so: what a host makes of that is to be seen."""
    package = dataclasses.replace(probe(), manifest={"name": "smoke", "wasmManifest": named})
    assert lay_out(package, tmp_path / "here") == tmp_path / "here" / "plugin.wasm"
    assert set(laid_out(tmp_path)) == {"here/plugin.wasm", "here/package.json"}


def test_the_binary_lies_where_the_manifest_says(tmp_path):
    package = dataclasses.replace(probe(), manifest={"name": "smoke", "wasmManifest": "build/release/x.wasm"})
    assert lay_out(package, tmp_path) == tmp_path / "build" / "release" / "x.wasm"


@pytest.mark.parametrize("path", ["../x", "a/../../x", "a\0b"])
def test_a_page_outside_is_refused(tmp_path, path):
    with pytest.raises(ConfigurationError, match="is no path below public/"):
        lay_out(dataclasses.replace(probe(), public={path: b"x"}), tmp_path / "here")
    assert laid_out(tmp_path) == {}
