"""The sentences that plugins with sockets hear: those that are in order have the checksum that a receiver expects."""

import pytest

from conformance.plugin_checks import sock


@pytest.mark.parametrize("sentence", [sock._POSITION, sock._WIND, sock._SHIP])
def test_the_good_ones_are_heard_first(sentence):
    assert sentence in sock._DATAGRAMS[:3]
    assert sentence in sock._STREAMS[0]


def test_checksums_are_those_of_other_peoples_receivers():
    """The last one is in every description of AIS."""
    assert [sentence[-5:] for sentence in (sock._POSITION, sock._WIND)] == [b"*2B\r\n", b"*0D\r\n"]
    assert sock._SHIP == b"!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C\r\n"
