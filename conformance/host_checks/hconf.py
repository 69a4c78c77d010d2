"""HCONF: what is saved for a plugin, by itself and by its user, and what its start gets of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.drivers.interface import Installed
from conformance.host_checks.registry import host_check
from conformance.host_trial import Probe, line, text
from conformance.trial import require
from refhost.jsontext import dumps, loads

if TYPE_CHECKING:
    from conformance.drivers.interface import HostSession
    from conformance.host_trial import HostTrial

JSON = {"Content-Type": "application/json"}
# The plain plugin says its configuration.
_SAYS = {"(i32.const 0) (; start ;)": "(call $debug (local.get $at) (local.get $length)) (i32.const 0)"}
_VALUES = {
    "text": 'Ærø "quoted" \\ 🚢\n\t',
    "numbers": [0, -1, 0.1, 1e21, 123456789.123456, 9007199254740991, 5e-324],
    "nested": {"": {"__proto__": [None, True, False, {}]}},
}


def _configurations(probe: Probe) -> list[Any]:
    """The configurations that a plain plugin was started with."""
    return [loads(said) for said in probe.said]


@host_check("HCONF-001")
def start_gets(trial: HostTrial) -> None:
    """All that is saved, and one key more."""
    with trial.probe("plain", changes=_SAYS) as probe:
        probe.session.start(_VALUES)
        found = _configurations(probe)
        require(found == [{**_VALUES, "enableDebug": False}], f"{dumps(_VALUES)} was saved, and start got {found}")


@host_check("HCONF-002")
def start_gets_nothing(trial: HostTrial) -> None:
    """One key."""
    with trial.probe("plain", changes=_SAYS) as probe:
        probe.session.start({})
        require(_configurations(probe) == [{"enableDebug": False}], f"start got {probe.said}")


@host_check("HCONF-003")
def round_trip(trial: HostTrial) -> None:
    """Characters, numbers, depth."""
    with trial.probe() as probe:
        probe.run(line("sk_save_config", text(dumps(_VALUES))))
        told = probe.do(line("sk_read_config", "b:4096"))
        found = loads(told[0][2]) if told and told[0][2] else told
        require(found == _VALUES, f"{dumps(_VALUES)} was saved, and {dumps(found)} was read")


@host_check("HCONF-004")
def outlives_restart(trial: HostTrial) -> None:
    """Saved by the plugin, and then it is reloaded."""
    with trial.probe() as probe:
        script = line("say", "from what was saved")
        probe.run(line("sk_save_config", text(dumps({"script": script}))))
        require("script" in probe.session.configuration, f"what is saved is {dict(probe.session.configuration)}")
        if "hot-reload" in probe.home.features:
            probe.session.hot_reload()
            require("from what was saved" in probe.said, "started again, it did not get what it had saved")


@host_check("HCONF-005")
def outlives_load(trial: HostTrial) -> None:
    """Before anything is started again."""
    with trial.probe() as probe:
        probe.run(line("sk_save_config", text('{"depth":3}')))
        probe.session.stop()
        probe.session.reload()
        saved = dict(probe.session.configuration)
        require(saved == {"depth": 3}, f"after it was loaded again, what is saved is {saved}")


def _refuses(trial: HostTrial, *texts: str) -> None:
    for broken in texts:
        with trial.probe() as probe:
            probe.run(line("sk_save_config", text('{"depth":3}')))
            told = probe.do(line("sk_save_config", text(broken)))
            require(told == [["sk_save_config", "-1"]], f"sk_save_config of {broken!r} told {told}")
            saved = dict(probe.session.configuration)
            require(saved == {"depth": 3}, f"after sk_save_config of {broken!r} what is saved is {saved}")


@host_check("HCONF-006")
def not_json(trial: HostTrial) -> None:
    """Nothing, half, more, and what only JavaScript reads."""
    _refuses(trial, "", "{", '{"a":1}}', "{a:1}", '{"a":NaN}', "'x'", '{"a":1,}')


@host_check("HCONF-007")
def no_object(trial: HostTrial) -> None:
    """Every other kind of JSON."""
    _refuses(trial, "[]", '"text"', "1", "true", "null")


def _installed(trial: HostTrial, home: HostSession, *, enabled: bool = True, **config: Any) -> Probe:  # noqa: ANN401 - JSON
    """A probe that was there at boot, enabled as a user does it."""
    session = home.boot(Installed(trial.package(), config, enabled))[0]
    return Probe(home, session)


def _post(probe: Probe, **change: Any) -> None:  # noqa: ANN401 - JSON
    reply = probe.session.http("POST", "/config", body=dumps(change), headers=JSON)
    require(reply.status == 200, f"POST /config with {dumps(change)} answered {reply.status}: {reply.body[:200]}")


def _saved(probe: Probe) -> dict[str, Any]:
    reply = probe.session.http("GET", "/config")
    require(reply.status == 200, f"GET /config answered {reply.status}: {reply.body[:200]}")
    found: dict[str, Any] = loads(reply.body)
    return found


@host_check("HCONF-008")
def keeps_switches(trial: HostTrial) -> None:
    """Both on."""
    with trial.host() as home:
        probe = _installed(trial, home)
        _post(probe, enabled=True, enableDebug=True)
        probe.do(line("sk_save_config", text('{"depth":3}')))
        found = _saved(probe)
        require(found["configuration"] == {"depth": 3}, f"what is saved is {found}")
        require(found["enabled"] is True, "saving switched the plugin off")
        require(found["enableDebug"] is True, "saving switched debugging off")


@host_check("HCONF-009")
def no_restart(trial: HostTrial) -> None:
    """It would say so twice."""
    with trial.probe() as probe:
        probe.run(line("say", "started"), line("sk_save_config", text('{"script":"say\\tstarted"}')))
        probe.home.advance(2)
        require(probe.said.count("started") == 1, f"it was started {probe.said.count('started')} times")


@host_check("HCONF-010")
def shown(trial: HostTrial) -> None:
    """Of a plugin that runs."""
    with trial.host() as home:
        probe = _installed(trial, home, depth=3)
        found = _saved(probe)
        wanted = {"enabled": True, "enableDebug": False, "configuration": {"depth": 3}}
        require({key: found.get(key) for key in wanted} == wanted, f"GET /config answered {found}")


@host_check("HCONF-011")
def posted(trial: HostTrial) -> None:
    """It says the old words, then the new ones."""
    with trial.host() as home:
        probe = _installed(trial, home, script="say\told\nstop\tsay\\tstopped")
        _post(probe, configuration={"script": "say\tnew"})
        found = [words for words in probe.said if words in {"old", "stopped", "new"}]
        require(found == ["old", "stopped", "new"], f"saving a new configuration made it say {found}")
        require(_saved(probe)["configuration"] == {"script": "say\tnew"}, f"what is saved is {_saved(probe)}")


@host_check("HCONF-012")
def switched_off(trial: HostTrial) -> None:
    """It says that it is stopped."""
    with trial.host() as home:
        probe = _installed(trial, home, script="stop\tsay\\tstopped")
        _post(probe, enabled=False)
        require(probe.session.state == "stopped", f"it is {probe.session.state}")
        require("stopped" in probe.said, "plugin_stop was not called")
        require(_saved(probe)["enabled"] is False, "it is saved as enabled")


@host_check("HCONF-013")
def switched_on(trial: HostTrial) -> None:
    """It says that it is started."""
    with trial.host() as home:
        probe = trial.load(home)
        _post(probe, enabled=True, configuration={"script": "say\tstarted"})
        require(probe.session.state == "running", f"it is {probe.session.state}")
        require("started" in probe.said, "start did not get the configuration")


@host_check("HCONF-014")
def debugging(trial: HostTrial) -> None:
    """It gets true."""
    with trial.probe("plain", changes=_SAYS) as probe:
        _post(probe, enabled=True, enableDebug=True, configuration={"depth": 3})
        found = _configurations(probe)[-1:]
        require(found == [{"depth": 3, "enableDebug": True}], f"start got {found}")


@host_check("HCONF-015")
def nonsense(trial: HostTrial) -> None:
    """Half a text, a list, words for true."""
    with trial.probe() as probe:
        probe.run(line("sk_save_config", text('{"depth":3}')))
        before = _saved(probe)
        for body in ("{", "[]", "null", '{"enabled":"yes"}', '{"configuration":[1]}'):
            reply = probe.session.http("POST", "/config", body=body, headers=JSON)
            require(400 <= reply.status < 500, f"POST /config with {body} answered {reply.status}")
            require(_saved(probe) == before, f"after POST /config with {body} what is saved is {_saved(probe)}")


@host_check("HCONF-016")
def each_its_own(trial: HostTrial) -> None:
    """Two plugins, one key."""
    with trial.host() as home:
        first, second = trial.load(home, package="first"), trial.load(home, package="second")
        first.run(line("sk_save_config", text('{"depth":1}')))
        second.run(line("sk_save_config", text('{"depth":2}')))
        saved = [dict(probe.session.configuration) for probe in (first, second)]
        require(saved == [{"depth": 1}, {"depth": 2}], f"what is saved for the two is {saved}")


@host_check("HCONF-017")
def scoped(trial: HostTrial) -> None:
    """Saved by itself, and by its user."""
    with trial.probe(package="@boat/probe") as probe:
        probe.run(line("sk_save_config", text('{"depth":3}')))
        told = probe.do(line("sk_read_config", "b:4096"))
        require(told and loads(told[0][2] or "null") == {"depth": 3}, f'{{"depth":3}} was saved, and it read {told}')
        found = _saved(probe)["configuration"]
        require(found == {"depth": 3}, f'{{"depth":3}} was saved, and its user sees {found}')


@host_check("HCONF-018")
def mended(trial: HostTrial) -> None:
    """Its start returned 1, and then 0."""
    with trial.host() as home:
        probe = _installed(trial, home, script=line("return", "1"))
        require(probe.session.state == "error", f"its start returned 1, and it is {probe.session.state}")
        body = dumps({"enabled": True, "configuration": {"script": line("say", "mended")}})
        reply = probe.session.http("POST", "/config", body=body, headers=JSON)
        require(
            probe.session.state == "running" and "mended" in probe.said,
            f"POST /config with a mended configuration answered {reply.status}, and it is {probe.session.state}",
        )
