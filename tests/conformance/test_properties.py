"""Properties: whose settings count, what is found, what is kept, and what a slow or fickle plugin does to it."""

import itertools
import time
from types import SimpleNamespace

import pytest
from honest import Honest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase
from wat import TRAP, when

import conformance.properties
from conformance.catalogue import requirement
from conformance.drivers.reference import RefhostSession
from conformance.judge import judge
from conformance.properties import counterexample
from conformance.strategies import deltas
from conformance.subject import Subject
from conformance.trial import Trial
from conformance.verdict import NotApplicable, NotJudged, Outcome, Violation


@pytest.fixture
def profile(monkeypatch):
    """Load a profile made of these settings, as a user does in a conftest."""

    def load(**changes):
        settings.register_profile("user", **changes)
        settings.load_profile("user")

    yield load
    settings.load_profile("tests")


@pytest.fixture
def trial():
    return Trial(Subject(Honest().package()))


def breaks(condition, seen="it broke"):
    """An example that does not hold for some values; it remembers which were tried."""

    def example(value):
        example.tried.append(value)
        if condition(value):
            raise Violation(seen)

    example.tried = []
    return example


def test_nothing_is_found_where_all_holds(trial):
    assert counterexample(trial, "X-001", st.integers(), breaks(lambda _: False)) is None


def test_the_smallest_is_found_with_what_it_broke(trial):
    found = counterexample(trial, "X-001", st.integers(), breaks(lambda n: n >= 1000, "too much"))
    assert (found.value, found.violation.seen) == (1000, "too much")


def test_one_delta_is_left_where_one_suffices(trial):
    stream = st.lists(deltas(), min_size=1, max_size=5)
    found = counterexample(trial, "X-001", stream, breaks(lambda stream: any("meta" in str(d) for d in stream)))
    assert len(found.value) == 1


def test_one_delta_is_left_without_shrinking_too(trial, profile):
    """Hypothesis's shrinking may come to rest before; here it is not even allowed to begin."""
    profile(phases=[Phase.generate], derandomize=True, database=None)
    stream = st.lists(deltas(), min_size=2, max_size=5)
    found = counterexample(trial, "X-001", stream, breaks(lambda stream: any("meta" in str(d) for d in stream)))
    assert len(found.value) == 1
    assert "meta" in str(found.value)


def test_the_trial_shows_the_smallest(trial):
    def example(number):
        trial.steps = [f"step with {number}"]
        if number >= 7:
            raise Violation("it broke")

    counterexample(trial, "X-001", st.integers(), example)
    assert trial.steps == ["step with 7"]


# -- the user's own settings


@pytest.mark.parametrize(("most", "least", "limit"), [(1, 1, 12), (40, 25, 80), (500, 350, 700)])
def test_about_as_many_examples_as_the_user_wants(trial, profile, most, least, limit):
    profile(max_examples=most, derandomize=True, database=None)
    example = breaks(lambda _: False)
    counterexample(trial, "X-001", st.integers(), example)
    assert least <= len(example.tried) <= limit


def test_the_users_phases_count(trial, profile):
    profile(phases=[Phase.generate], derandomize=True, database=None)
    found = counterexample(trial, "X-001", st.integers(0, 10**9), breaks(lambda n: n >= 1000))
    assert found.value > 1000  # nobody has shrunk it


def test_a_profile_without_chance_finds_the_same_each_time(trial, profile):
    profile(derandomize=True, database=None)
    tried = []
    for _ in range(2):
        example = breaks(lambda _: False)
        counterexample(trial, "X-001", st.integers(), example)
        tried.append(example.tried)
    assert tried[0] == tried[1]


def test_a_counterexample_is_kept_and_tried_first(trial, profile):
    database = InMemoryExampleDatabase()
    profile(database=database)
    counterexample(trial, "X-001", st.integers(), breaks(lambda n: n >= 1000))
    again = breaks(lambda n: n >= 1000)
    counterexample(trial, "X-001", st.integers(), again)
    assert again.tried[0] == 1000
    assert b"wat-plugin X-001" in database.data


@pytest.mark.parametrize(("name", "other"), [("wat-plugin", "X-002"), ("another", "X-001")])
def test_what_is_kept_belongs_to_the_plugin_and_the_requirement(trial, profile, name, other):
    database = InMemoryExampleDatabase()
    profile(database=database, phases=[Phase.reuse])
    database.save(b"wat-plugin X-001", b"anything")
    with pytest.raises(NotApplicable, match="tries nothing new, and nothing was kept"):
        counterexample(Trial(Subject(Honest(package_name=name).package())), other, st.integers(), breaks(bool))
    assert set(database.data) == {b"wat-plugin X-001"}


def test_a_real_check_keeps_its_counterexample(profile, monkeypatch):
    monkeypatch.setattr(conformance.properties, "SHRINK_SECONDS", 2.0)
    database = InMemoryExampleDatabase()
    profile(database=database)
    subject = Subject(Honest(delta=when("(i32.gt_u (local.get $length) (i32.const 300))", TRAP)).package())
    assert judge(requirement("DELTA-016"), subject).outcome is Outcome.FAIL
    assert b"wat-plugin DELTA-016" in database.data
    profile(database=database, phases=[Phase.reuse])
    assert judge(requirement("DELTA-016"), subject).outcome is Outcome.FAIL


def test_hypothesis_own_deadline_is_not_applied(trial, profile, monkeypatch):
    monkeypatch.setattr(conformance.properties, "SHRINK_SECONDS", 1.0)
    profile(database=None)
    assert settings.default.deadline.total_seconds() == 0.2

    def example(number):
        if number > 5:
            raise Violation("it broke")
        busy(0.25)

    assert counterexample(trial, "X-001", st.integers(), example).violation.seen == "it broke"


def test_the_users_deadline_is(trial, profile):
    profile(database=None, max_examples=20, deadline=20)
    with pytest.raises(Violation, match="longer than your Hypothesis profile allows"):
        counterexample(trial, "X-001", st.integers(), lambda _: busy(0.1))


def busy(seconds):
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


# -- plugins that are slow, fickle, or not even there


def test_a_hang_is_taken_as_it_is(trial):
    def hang(number):
        if number > 100:
            raise Violation("it did not return", hung=True)

    found = counterexample(trial, "X-001", st.integers(), hang)
    assert found.value > 100
    assert found.violation.hung


def test_no_time_is_spent_on_looking_for_less_after_a_hang(trial):
    hangs = itertools.count()

    def hang(number):
        if number > 100:
            next(hangs)
            raise Violation("it did not return", hung=True)

    counterexample(trial, "X-001", st.integers(), hang)
    assert next(hangs) == 2  # once to see that there is one, once more alone


def test_a_search_ends_in_time(trial, monkeypatch):
    monkeypatch.setattr(conformance.properties, "SEARCH_SECONDS", 0.05)
    example = breaks(lambda _: busy(0.02))
    assert counterexample(trial, "X-001", st.integers(), example) is None
    assert len(example.tried) < 10


def test_shrinking_ends_in_time(trial, monkeypatch):
    monkeypatch.setattr(conformance.properties, "SHRINK_SECONDS", 0.0)
    found = counterexample(trial, "X-001", st.integers(0, 10**9), breaks(lambda n: n >= 1000))
    assert found.value > 1000


def test_what_breaks_only_once_is_found_all_the_same(trial):
    times = itertools.count()
    found = counterexample(trial, "X-001", st.integers(), breaks(lambda n: n > 100 and next(times) == 0))
    assert found.violation.seen == "it broke"


def test_what_was_tried_last_is_not_shown_in_the_place_of_what_was_found(trial, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(conformance.properties, "time", SimpleNamespace(monotonic=lambda: now[0]))
    found = []

    def example(number):
        trial.steps = [f"step with {number}"]
        if number > 100:
            found.append(number)
            raise Violation("it broke")
        if found:  # it shrinks, and the time is over
            now[0] += 1000

    assert counterexample(trial, "X-001", st.integers(), example).value == found[-1]
    assert trial.steps == [f"step with {found[-1]}"]


@pytest.mark.parametrize("error", [NotJudged("it does not start"), ValueError("a mistake of ours")])
def test_anything_else_comes_out_at_once(trial, error):
    def example(_):
        example.tried += 1
        raise error

    example.tried = 0
    with pytest.raises(type(error), match=str(error)):
        counterexample(trial, "X-001", st.integers(), example)
    assert example.tried == 1


def test_a_strategy_without_values_does_not_apply(trial):
    with pytest.raises(NotApplicable, match="no value could be made"):
        counterexample(trial, "X-001", st.integers().filter(lambda _: False), breaks(lambda _: True))


def test_every_example_has_a_store_of_its_own(trial, profile, monkeypatch):
    stores = []
    true = trial.subject.driver.session

    def session(*arguments, **named):
        stores.append(named)
        return true(*arguments, **named)

    monkeypatch.setattr(trial.subject.driver, "session", session)
    delivered = []
    true_publish = RefhostSession.publish
    monkeypatch.setattr(RefhostSession, "publish", lambda s, delta: (delivered.append(s), true_publish(s, delta))[1])
    profile(max_examples=30, derandomize=True, database=None)
    assert trial.observation.failure == ""
    stores.clear()
    delivered.clear()
    assert judge(requirement("DELTA-016"), trial.subject).outcome is Outcome.PASS
    assert len(stores) == len(delivered) == len(set(map(id, delivered))) > 15
