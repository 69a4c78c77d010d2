"""What a plugin offers (contract §13, §15)."""

from __future__ import annotations

import pytest

from refhost.limits import Limits
from refhost.services.gate import Refused
from refhost.services.registrations import RegistrationService


@pytest.fixture
def announced():
    return []


@pytest.fixture
def service(announced):
    return RegistrationService(lambda context, path: announced.append((context, path)))


def test_a_put_handler_is_announced(service, announced):
    service.register_put_handler("vessels.self", "a.b")
    assert list(service.puts) == announced == [("vessels.self", "a.b")]


def test_twice_is_once(service):
    for _ in range(2):
        service.register_put_handler("vessels.self", "a.b")
        service.register_resource_provider("routes")
    assert list(service.puts) == [("vessels.self", "a.b")]
    assert {kind: list(names) for kind, names in service.providers.items()} == {
        "resource": ["routes"],
        "weather": [],
        "radar": [],
    }


@pytest.mark.parametrize(("context", "path"), [("", "a"), ("vessels.self", ""), ("", "")])
def test_a_put_handler_without_context_or_path_is_refused(service, announced, context, path):
    with pytest.raises(Refused, match="needs a context and a path"):
        service.register_put_handler(context, path)
    assert list(service.puts) == announced == []


@pytest.mark.parametrize("kind", ["resource", "weather", "radar"])
def test_each_provider_is_kept_by_its_kind_and_needs_a_name(service, kind):
    register = getattr(service, f"register_{kind}_provider")
    register("one")
    register("two")
    assert list(service.providers[kind]) == ["one", "two"]
    with pytest.raises(Refused, match=f"a {kind} provider needs a name"):
        register("")


def test_all_ends_with_the_instance(service):
    service.register_put_handler("vessels.self", "a")
    service.register_weather_provider("w")
    service.clear()
    assert not service.puts
    assert not any(service.providers.values())


def limited(**limits):
    announced = []
    made = RegistrationService(lambda context, path: announced.append((context, path)), limits=Limits(**limits))
    return made, announced


def test_they_are_bounded_in_number_over_all_kinds():
    service, announced = limited(registrations=3)
    service.register_put_handler("vessels.self", "a")
    service.register_resource_provider("routes")
    service.register_weather_provider("w")
    with pytest.raises(Refused, match=r"more than 3 registrations \(§19\)"):
        service.register_radar_provider("r")
    with pytest.raises(Refused, match="more than 3"):
        service.register_put_handler("vessels.self", "b")
    service.register_put_handler("vessels.self", "a")  # there is that one already
    assert announced == [("vessels.self", "a")] * 2
    service.clear()
    service.register_radar_provider("r")


def test_they_are_bounded_in_bytes():
    service, announced = limited(registration_bytes=10)
    service.register_resource_provider("x" * 8)
    with pytest.raises(Refused, match="more than 10 bytes"):
        service.register_put_handler("vessels", "a")
    service.register_radar_provider("yy")
    assert announced == []
    service.clear()
    service.register_radar_provider("z" * 10)
