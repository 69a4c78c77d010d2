"""Addresses as plugins write them."""

from __future__ import annotations

import pytest

from refhost.network.interface import Family, NetworkError, check_groups, parse_address, parse_group
from refhost.network.waiting import Waiting


@pytest.mark.parametrize(
    ("text", "family", "address"),
    [
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", Family.IPV4, "10.0.0.1"),
        ("FD00:0::1", Family.IPV6, "fd00::1"),
        ("fe80::1%eth0", Family.IPV6, "fe80::1%eth0"),
        ("localhost", None, "127.0.0.1"),
        ("localhost", Family.IPV6, "::1"),
    ],
)
def test_an_address_is_read(text, family, address):
    assert str(parse_address(text, family)) == address


@pytest.mark.parametrize(
    "text", ["", " 10.0.0.1", "10.0.0.01", "10.0.0.1:80", "[::1]", "a.b", "fe80::1%" + "x" * 99, "fe80::1%ä"]
)
def test_what_is_none_is_refused_with_a_short_message(text):
    with pytest.raises(NetworkError, match="not an IP address") as error:
        parse_address(text)
    assert len(str(error.value)) < 150


@pytest.mark.parametrize(("text", "family"), [("::1", Family.IPV4), ("127.0.0.1", Family.IPV6)])
def test_the_other_family_is_refused(text, family):
    with pytest.raises(NetworkError, match=family.name):
        parse_address(text, family)


def test_a_group_is_read():
    assert parse_group("239.1.2.3", Family.IPV4) == "239.1.2.3"
    assert parse_group("ff02::1%lo", Family.IPV6) == "ff02::1"
    with pytest.raises(NetworkError, match="not a multicast"):
        parse_group("10.0.0.1", Family.IPV4)
    with pytest.raises(NetworkError, match="at most 20"):
        check_groups(20)


def test_a_queue_drops_the_oldest_by_number_and_by_size():
    waiting = Waiting(3, 10, len)
    for item in (b"1", b"22", b"333", b"4"):
        waiting.push(item)
    assert (list(waiting), waiting.bytes, waiting.dropped) == ([b"22", b"333", b"4"], 6, 1)
    waiting.push(b"x" * 9)
    assert (list(waiting), waiting.bytes, waiting.dropped) == ([b"4", b"x" * 9], 10, 3)
    waiting.push(b"x" * 11)
    assert (list(waiting), waiting.bytes, waiting.dropped) == ([], 0, 6)
    assert waiting.pop() is None
    waiting.push_front(b"1")
    assert waiting.pop() == b"1"
    waiting.push(b"1")
    waiting.clear()
    assert (len(waiting), waiting.bytes, waiting.dropped) == (0, 0, 6)
