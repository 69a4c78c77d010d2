"""Lives: what they are made of, and that the states that they lead to are the contract's."""

import component
import pytest
from asking import Asking
from fetcher import Fetcher
from honest import CAPABILITIES, Honest
from hypothesis import Phase, find, settings
from hypothesis import strategies as st

from conformance.drivers.reference import RefhostDriver
from conformance.lives import Life, capabilities_to_withdraw, lives
from conformance.subject import Subject
from conformance.verdict import Violation

DELTA = {"updates": [{"values": [{"path": "navigation.speedOverGround", "value": 1.5}]}]}


@pytest.fixture
def subject():
    return Subject(Honest().package())


def lived(subject, *steps):
    """The state in which a life ends, once the plugin was started."""
    with subject.driver.session(subject.package) as session:
        Life(session, subject).live([("start", subject.config), *steps])
        return session.state


STOP, RELOAD, HOT = ("stop", None), ("reload", None), ("hot_reload", None)
START = ("start", {"greeting": "hello"})
CONFIGURE = ("configure", {"greeting": "moi"})
WITHDRAW, RESTORE = ("withdraw", "dataWrite"), ("withdraw", "")
PUBLISH, ADVANCE, PUT = ("publish", DELTA), ("advance", 35.0), ("put", (0, True))


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ([], "running"),
        ([START], "running"),
        ([STOP], "stopped"),
        ([STOP, STOP], "stopped"),
        ([STOP, START], "running"),
        ([RELOAD], "stopped"),
        ([RELOAD, START], "running"),
        ([HOT], "running"),
        ([STOP, HOT], "stopped"),
        ([STOP, HOT, START, HOT], "running"),
        ([CONFIGURE], "running"),
        ([STOP, CONFIGURE], "stopped"),
        ([PUBLISH, ADVANCE, PUT], "running"),
        ([STOP, PUBLISH, ADVANCE, PUT], "stopped"),
        ([WITHDRAW], "stopped"),
        ([WITHDRAW, START, PUBLISH, RESTORE, START, PUBLISH], "running"),
    ],
)
def test_the_states_of_the_contract(subject, steps, state):
    assert lived(subject, *steps) == state


def test_a_capability_that_was_taken_away_is_missing():
    subject = Subject(Honest().package())
    with subject.driver.session(subject.package) as session:
        Life(session, subject).live([("withdraw", "dataWrite"), ("withdraw", "putHandlers"), START])
        assert "dataWrite is missing" in session.error
        assert session.registered == []
        Life(session, subject).live([("withdraw", ""), START])
        assert session.registered == ["PUT vessels.self plugins.wat.switch"]


def test_a_put_reaches_one_of_the_registered_paths(subject):
    with subject.driver.session(subject.package) as session:
        Life(session, subject).live([START, ("put", (3, True))])
        assert session.steps[-1] == "PUT true to vessels.self plugins.wat.switch"


def test_a_plugin_in_error_is_stopped_by_a_reload(subject):
    with subject.driver.session(subject.package) as session:
        session.start_with("[]")
        life = Life(session, subject)
        life._expected = "error"
        life.live([STOP])
        assert session.state == "error"
        life.live([HOT])
        assert session.state == "stopped"


def test_a_state_that_is_not_the_contracts_is_a_violation(subject):
    with subject.driver.session(subject.package) as session:
        life = Life(session, subject)
        life._expected = "running"
        with pytest.raises(Violation, match="after the life below its state is stopped, not running"):
            life.live([PUBLISH])


@pytest.mark.parametrize(
    ("package", "names"),
    [
        (Honest().package(), {"dataRead", "dataWrite", "storage", "putHandlers", "httpEndpoints"}),
        (Honest(capabilities={"dataRead": False}).package(), {"dataWrite", "storage"}),
        # as-fetch is not linked without network (§18), and a component whose emission is denied traps (§7).
        (Fetcher().package(), {"dataRead", "dataWrite", "storage"}),
        (Asking().package(), {"storage", "network"}),
        (component.package(component.binary()), {"storage"}),
    ],
    ids=["honest", "less", "fetcher", "asking", "component"],
)
def test_what_can_be_taken_away(package, names):
    assert set(capabilities_to_withdraw(Subject(package))) == names


def kinds(subject):
    """The kinds of steps that come up."""
    seen = set()

    def look(steps):
        seen.update(name for name, _ in steps)
        return False

    with pytest.raises(Exception, match="No examples found"):
        find(
            lives(subject, st.just({})),
            look,
            settings=settings(max_examples=300, database=None, phases=(Phase.generate,)),
        )
    return seen


ALWAYS = {"start", "stop", "advance", "publish", "configure", "reload"}


def test_every_kind_of_step_comes_up(subject):
    assert kinds(subject) == ALWAYS | {"hot_reload", "put", "withdraw"}


def test_no_put_comes_to_a_plugin_that_takes_none():
    assert "put" not in kinds(Subject(Honest(capabilities={**CAPABILITIES, "putHandlers": False}).package()))


def test_what_a_host_cannot_do_is_not_asked_of_it(subject, monkeypatch):
    monkeypatch.setattr(RefhostDriver, "features", frozenset())
    assert kinds(subject) == ALWAYS


def test_the_smallest_life_is_a_start(subject):
    found = find(lives(subject, st.just({})), lambda _: True, settings=settings(database=None))
    assert found == [("start", subject.config)]
