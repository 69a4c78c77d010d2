"""Canaries: what is planted, what counts as changed, and where a word of theirs is found again."""

import pytest
from honest import Honest
from wat import call, emit, text

from conformance.canaries import Surroundings, heard, secret_of
from conformance.subject import Subject
from refhost.host import Host

SECRET = "canary-0123"


@pytest.fixture
def around(tmp_path):
    surroundings = Surroundings(tmp_path, "wat-plugin")
    surroundings.plant(SECRET)
    return surroundings


def test_a_secret_is_the_same_every_time_and_anothers_is_another():
    assert secret_of("a") == secret_of("a") != secret_of("b")
    assert secret_of("a").startswith("canary-")


def test_canaries_are_above_beside_and_right_around_the_tree(around):
    files = {path for path, what in around.around().items() if what.startswith("a file")}
    assert files == {
        "canary.txt",
        "server/settings.json",
        "server/plugin-config-data/canary.json",
        "server/plugin-config-data/canary/vfs/data/canary.txt",
        "server/plugin-config-data/wat-plugin/canary.txt",
    }


def test_a_plugin_that_lives_changes_nothing_around_it(around):
    before = around.around()
    with Host(directory=around.server) as host:
        plugin = host.load(Honest().package())
        plugin.start({})
        plugin.stop()
        assert plugin.vfs.files()
    assert around.around() == before
    assert (around.place / "vfs" / "data" / "note.txt").exists()
    assert around.place.with_name("wat-plugin.json").exists()


@pytest.mark.parametrize("path", ["canary.txt", "server/new", "server/plugin-config-data/wat-plugin/new"])
def test_what_is_written_around_it_is_seen(around, path):
    before = around.around()
    (around.base / path).write_text("changed")
    assert set(before.items()) ^ set(around.around().items())


def test_what_is_taken_away_or_becomes_a_link_is_seen(around):
    before = around.around()
    (around.base / "canary.txt").unlink()
    gone = around.around()
    assert gone != before
    (around.base / "canary.txt").symlink_to("/etc/passwd")
    assert around.around()["canary.txt"] == "a link to /etc/passwd"


def test_links_that_lead_out_are_told_from_those_that_do_not(around):
    data = around.place / "vfs" / "data"
    data.mkdir(parents=True)
    (data / "inside").symlink_to("../config")
    (data / "up").symlink_to("../../canary.txt")
    (data / "absolute").symlink_to("/etc/passwd")
    (data / "itself").symlink_to("itself")
    (data / "beside").symlink_to("../../vfs-of-another")
    assert set(around.links_out()) == {"/data/up", "/data/absolute", "/data/beside"}


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("", ""),
        (emit(f'{{"updates":[{{"values":[{{"path":"a.b","value":"{SECRET}"}}]}}]}}'), "a delta that it emitted"),
        (emit(SECRET), "a delta that it emitted"),
        (call("sk_debug", text(f"read {SECRET}")), "its log"),
        (call("sk_save_config", text(f'{{"a":{{"b":"{SECRET}"}}}}')), "its configuration"),
        (f"(drop (call $write_file {text('data/copy')} {text(SECRET)}))", "a file of its own"),
    ],
)
def test_a_secret_is_found_wherever_it_was_put(code, place):
    subject = Subject(Honest(end=code).package())
    with subject.driver.session(subject.package) as session:
        session.start({})
        assert heard(session, SECRET) == place
