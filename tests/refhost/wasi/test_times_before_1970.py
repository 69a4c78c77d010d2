"""Files that a machine wrote while its clock was wrong: a time before 1970 that no guest holds is told as 1970."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
from wasi_guest import RESULT, DirectGuest

from refhost.clock import Clock
from refhost.wasi.preview2.clocks import datetime_of
from refhost.wasi.vfs import Vfs
from refhost.wasi.vfs.disk import disk_tree

LONG_AGO_NS = -(10**18)


@pytest.fixture
def vfs(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    os.utime(tmp_path / "x", ns=(LONG_AGO_NS, LONG_AGO_NS))
    assert (tmp_path / "x").stat().st_mtime_ns == LONG_AGO_NS
    return Vfs(disk_tree(tmp_path), layout=())


def test_preview_1(vfs):
    guest = DirectGuest(vfs)
    error, *_, size, accessed, written, changed = guest.filestat_at("x")
    assert (error, size, accessed, written, changed) == (0, 3, 0, 0, 0)
    guest.close()


def test_preview_2(vfs):
    stat = vfs.root_directory().stat_at("x", follow=False)
    assert vars(datetime_of(stat.mtime_ns)) == {"seconds": 0, "nanoseconds": 0}


def test_one_that_gets_such_a_time_while_a_plugin_runs(vfs, tmp_path):
    guest = DirectGuest(vfs)
    guest.filestat_at("x")
    os.utime(tmp_path / "x", ns=(5, 5))
    assert guest.filestat_at("x")[-2:] == (5, 5)
    os.utime(tmp_path / "x", ns=(LONG_AGO_NS, LONG_AGO_NS))
    assert guest.filestat_at("x")[-2:] == (0, 0)
    guest.close()


def test_a_host_that_begins_before():
    guest = DirectGuest(clock=Clock(datetime(1969, 1, 1, tzinfo=UTC)))
    assert guest.call("clock_time_get", 0, 0, RESULT) == 0
    assert guest.result64() == 1000
    guest.close()
