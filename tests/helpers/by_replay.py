"""Every delta that a test publishes goes the way of `Host.replay`: the whole suite has to say the same then.

`PYTHONPATH=tests/helpers pytest -p by_replay`
"""

from __future__ import annotations

import refhost.host
from refhost.replay import replay

_alone = refhost.host.Host.publish_delta
_busy = set()


def publish_delta(self, delta):
    if id(self) in _busy:  # what replay cannot deliver comes back
        _alone(self, delta)
        return
    _busy.add(id(self))
    try:
        replay(self, [delta])
    finally:
        _busy.discard(id(self))


refhost.host.Host.publish_delta = publish_delta
