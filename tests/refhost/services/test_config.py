"""The saved configuration, as a plugin reads and writes it (contract §3, §8)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.strategies import values
from refhost.clock import Clock
from refhost.jsontext import dumps, loads
from refhost.services.config import ConfigService
from refhost.services.gate import Refused
from refhost.storage import SavedConfig, Storage


def services():
    file = Storage(Clock()).config_file("p")
    return ConfigService(file), file


def test_nothing_saved_reads_as_an_empty_object():
    assert services()[0].read_config() == "{}"


@given(st.dictionaries(st.text(), values()))
def test_what_is_saved_reads_the_same(configuration):
    service, file = services()
    service.save_config(dumps(configuration))
    assert loads(service.read_config()) == configuration
    assert file.read().configuration == configuration


def test_the_switches_of_the_server_are_out_of_reach():
    service, file = services()
    file.write(SavedConfig(enabled=True, enable_debug=True, configuration={"a": 1}))
    service.save_config('{"enabled":false,"enableDebug":false,"configuration":{"b":2}}')
    assert (file.read().enabled, file.read().enable_debug) == (True, True)
    assert "enableDebug" in service.read_config()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ('{"a":NaN}', "NaN is not JSON"),
        ('{"a":"\\ud800"}', "surrogate"),
        ("[]", "not an object"),
        ("null", "not an object"),
        ('"{}"', "not an object"),
        ('{"a":' * 300 + "1" + "}" * 300, "nests deeper"),
    ],
)
def test_what_is_no_object_is_refused_and_the_old_one_stays(text, told):
    service, file = services()
    service.save_config('{"a":1}')
    with pytest.raises(Refused) as caught:
        service.save_config(text)
    assert told in str(caught.value)
    assert file.read().configuration == {"a": 1}


def test_the_files_of_a_component_are_at_the_root():
    assert services()[0].data_dir_path() == "/"
