"""Where signalk-server is, and what is said when it is not there; npm itself is in tests/npm."""

import json
import os

import pytest

from conformance.drivers.signalk_server import SignalkServerDriver, install


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv(install.VARIABLE, str(tmp_path / "server"))
    return tmp_path / "server"


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A PATH with nothing on it but what a test puts there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def add(name, script):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)

    return add


def put(place, version):
    package = place / "node_modules" / "signalk-server"
    package.mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"version": version}))


def test_it_is_pinned_exactly():
    assert install.pinned() == "2.32.0"


def test_it_is_in_the_cache_folder_unless_named(monkeypatch, tmp_path):
    monkeypatch.delenv(install.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert install.folder() == tmp_path / "signalk-wasm" / "signalk-server-2.32.0"
    monkeypatch.setenv(install.VARIABLE, "/srv/signalk")
    assert str(install.folder()) == "/srv/signalk"


def test_the_driver_names_the_command_that_installs_it(place, programs):
    programs("node", "exit 0")
    with pytest.raises(install.NotInstalled, match=r"python -m conformance install signalk-server"):
        SignalkServerDriver()


def test_without_node_the_driver_says_so(place, programs):
    put(place, "2.32.0")
    with pytest.raises(install.NotInstalled, match="no program `node`"):
        SignalkServerDriver()


def test_what_is_there_stays(place, programs, capsys):
    put(place, "2.32.0")
    assert install.install() == place
    assert "already" in capsys.readouterr().err


def test_without_npm_it_says_so(place, programs):
    with pytest.raises(install.NotInstalled, match="no program `npm`"):
        install.install()


def test_what_npm_says_is_passed_on_and_nothing_is_left(place, programs):
    programs("npm", "printf 'no \\033[31mroute' >&2; exit 7")
    with pytest.raises(install.NotInstalled, match=r"ended with 7: no .*route") as caught:
        install.install()
    assert "\033" not in str(caught.value)
    assert not place.exists()
    assert not list(place.parent.glob(".server*"))


def test_npm_gets_the_pinned_package_and_runs_no_scripts(place, programs, monkeypatch):
    package = "node_modules/signalk-server"
    found = json.dumps({"version": "2.32.0"})
    programs("npm", f'echo "$@" > "$OUT"; mkdir -p {package}; echo \'{found}\' > {package}/package.json')
    monkeypatch.setenv("OUT", str(place.parent / "words"))
    monkeypatch.setenv("PATH", os.environ["PATH"] + ":/usr/bin:/bin")
    assert install.install() == place
    assert install.installed_version(place) == "2.32.0"
    assert "--ignore-scripts" in (place.parent / "words").read_text()
    assert json.loads((place / "package.json").read_text())["dependencies"] == {"signalk-server": "2.32.0"}
