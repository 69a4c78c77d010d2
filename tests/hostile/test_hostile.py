"""Every hostile plugin in a host: it is named, nobody else is touched, and the next host knows nothing of it (§19)."""

from __future__ import annotations

import pytest
from hostile import CAPABILITIES, FOLDER, LIMITS, NAME, honest, is_well, live, plugins
from wat import compiled

from refhost.host import Host
from refhost.journal import Record
from refhost.printing import printable

PLUGINS = plugins()
QUICK = [plugin for plugin in PLUGINS if not plugin.slow]
SLOW = [plugin for plugin in PLUGINS if plugin.slow]


def check(plugin, directory=None):
    """One life beside an honest plugin, and another host afterwards."""
    with Host(limits=plugin.limits, directory=directory) as host:
        host.load(honest()).start()
        life = live(host, plugin.package())
        assert is_well(host)
        assert plugin.package().id not in host.plugins
        for record in host.journal.of(NAME):
            assert "\x1b" not in printable(f"{record.function} {record.text[:2000]}", limit=10_000, lines=False)
        if plugin.either:
            return life
        if plugin.survives:
            ended = [text for _, text in life.told if "trapped" in text or "did not return" in text]
            assert not ended, ended
        else:
            said = any(plugin.says in text for text in life.said)
            assert said or life.names(plugin.function, plugin.says), life.told[:5]
    with Host(limits=LIMITS) as other:
        other.load(honest()).start()
        assert is_well(other)
    return life


@pytest.mark.parametrize("plugin", QUICK, ids=str)
def test_it_is_named_and_nobody_else_is_touched(plugin):
    check(plugin)


@pytest.mark.long
@pytest.mark.parametrize("plugin", SLOW, ids=str)
def test_what_takes_until_the_deadline_is_named_and_nobody_else_is_touched(plugin):
    check(plugin)


@pytest.mark.parametrize(
    "name", ["loop-in-poll", "loop-in-start-function", "component-loop-in-start", "loop-of-sleeping"]
)
def test_a_few_of_those(name):
    check(next(plugin for plugin in PLUGINS if plugin.name == name))


def around(folder):
    """All that lies around the plugin's own tree: the contents of files, where links lead, and folders."""
    own = folder / "config" / "plugin-config-data" / NAME
    found = {}
    for path in sorted(folder.rglob("*")):
        if own not in (path, *path.parents) and "honest" not in str(path):
            found[str(path.relative_to(folder))] = (
                path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else "folder"
            )
    return found


@pytest.mark.parametrize(
    "plugin", [plugin for plugin in QUICK if plugin.group == "files" or plugin.name.startswith("id-")], ids=str
)
def test_nothing_around_its_tree_on_a_disk_is_touched(plugin, tmp_path):
    (tmp_path / "config" / "plugin-config-data" / "other").mkdir(parents=True)
    for name in (
        "canary",
        "config/canary",
        "config/plugin-config-data/canary",
        "config/plugin-config-data/other/canary",
    ):
        (tmp_path / name).write_text("untouched")
    before = around(tmp_path)
    check(plugin, tmp_path / "config")
    after = around(tmp_path)
    made = {name for name in after if name not in before}
    # What the host keeps of a plugin has the plugin's id, and lies in the one folder of all plugins.
    assert all(name.startswith("config/plugin-config-data/") and ".." not in name for name in made), made
    if plugin.packaged:
        assert made <= {f"config/plugin-config-data/{NAME}.json"}
    assert {name: after.get(name) for name in before} == before


def test_there_are_enough_of_them():
    assert len(PLUGINS) > 300
    assert len({plugin.name for plugin in PLUGINS}) == len(PLUGINS)
    assert {plugin.dialect for plugin in PLUGINS} == {"buffer", "assemblyscript", "fetching", "command", "component"}
    assert all(plugin.says or plugin.survives or plugin.either for plugin in PLUGINS)


def test_a_fault_names_the_plugin_the_function_and_the_value():
    """What `check` finds by parts, as a person reads it."""
    plugin = next(plugin for plugin in PLUGINS if plugin.name == "length-of-an-answer-0")
    with Host(limits=LIMITS) as host:
        live(host, plugin.package())
        (record,) = [r for r in host.log if "returned the length" in r.text][:1]
        assert isinstance(record, Record)
        assert "hostile [fault] resources_list_resources: resources_list_resources returned the length -1" in str(
            record
        )


def test_one_that_cannot_be_loaded_is_in_the_hosts_log():
    plugin = next(plugin for plugin in PLUGINS if plugin.name == "trap-in-start-function")
    with Host(limits=LIMITS) as host:
        live(host, plugin.package())
        (record,) = host.journal.of(NAME, "fault")
    assert "hostile [fault] instantiation: it could not be loaded: instantiation trapped: unreachable" in str(record)


def test_what_they_are_made_of_is_honest():
    """The base of each dialect, as it is, does nothing that a host complains of."""
    import tomllib  # noqa: PLC0415 - here alone

    from hostile import _component, _core, packaged  # noqa: PLC0415 - the same

    base = tomllib.loads((FOLDER / "base.toml").read_text("utf-8"))
    parts = tomllib.loads((FOLDER / "components.toml").read_text("utf-8"))["parts"]
    texts = [_core(base, {"dialect": dialect}, "", str) for dialect in ("buffer", "assemblyscript", "command")]
    for text in [*texts, _component(parts, {}, str)]:
        with Host(limits=LIMITS) as host:
            life = live(host, packaged(compiled(text)))
            assert life.told == []
    assert CAPABILITIES["rawSockets"]
