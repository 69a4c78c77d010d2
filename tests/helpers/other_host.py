"""The reference host under another name, different in one thing: `python other_host.py CHANGE` serves it."""

import sys
from contextlib import contextmanager

from conformance.drivers.faults import DriverFault, HostGone
from conformance.drivers.features import FEATURES
from conformance.drivers.reference import RefhostDriver
from conformance.drivers.reference_session import RefhostSession
from conformance.drivers.serve import serve
from refhost.errors import LinkError
from refhost.jsontext import loads

NAME = "other-host"


class OtherDriver(RefhostDriver):
    """Such a host."""

    name = NAME

    def __init__(self, change="none", **more):
        super().__init__(**more)
        self.change = change
        self.features = frozenset(FEATURES) - LACKING.get(change, set())

    @contextmanager
    def host(self, **given):
        with super().host(**given) as host:
            CHANGES.get(self.change, lambda _: None)(host)
            yield host


LACKING = {"no files": {"files", "file-operations", "file-faults", "directory"}}


def deaf(hears):
    """Deltas that are not heard are taken, and go nowhere."""

    def change(host):
        inject = host.inject
        host.inject = lambda text: inject(text) if "suite" in text or hears(loads(text)) else ""

    return change


def values(delta):
    return [pair["value"] for update in delta["updates"] for pair in update.get("values", ())]


def at_load(make):
    """What a plugin that is loaded in it is."""

    def change(host):
        load = host.load
        host.load = lambda *arguments, **named: make(load(*arguments, **named))

    return change


def fails(error):
    def change(_):
        raise error

    return change


class Asleep(RefhostSession):
    """No plugin ever runs."""

    state = "stopped"


class Mutters(RefhostSession):
    """Every plugin has the same status."""

    status = "muttering"


def shown_by(kind):
    def change(session):
        session.__class__ = kind
        return session

    return change


class More(RefhostSession):
    """What plugins emit is a little more than it was."""

    @property
    def emitted(self):
        return [_more(delta) for delta in super().emitted]


def _more(delta):
    updates = [
        {
            **update,
            "values": [
                {**pair, "value": pair["value"] + 1 if isinstance(pair["value"], int) else pair["value"]}
                for pair in update.get("values", ())
            ],
        }
        for update in delta["updates"]
    ]
    return {**delta, "updates": updates}


class Silent(RefhostSession):
    """What plugins log is lost."""

    log = ()


class Dies(RefhostSession):
    """The host dies when the plugin is stopped."""

    def stop(self):
        raise HostGone("The host ended with exit code 1 in the middle of stop.")


class Rubbish(RefhostSession):
    """The driver says rubbish when the plugin is stopped."""

    def stop(self):
        raise DriverFault("The driver wrote a line that is no JSON object.")


CHANGES = {
    "deaf to the edge": deaf(lambda delta: not any(update.get("$source") == "edge" for update in delta["updates"])),
    "deaf to texts": deaf(lambda delta: not any(isinstance(value, str) for value in values(delta))),
    "deaf to large numbers": deaf(lambda delta: not any(_large(value) for value in values(delta))),
    "refuses": at_load(fails(LinkError("probe cannot be linked: there is no sk_debug"))),
    "status": at_load(shown_by(Mutters)),
    "state": at_load(shown_by(Asleep)),
    "values": at_load(shown_by(More)),
    "log": at_load(shown_by(Silent)),
    "dies": at_load(shown_by(Dies)),
    "rubbish": at_load(shown_by(Rubbish)),
}


def _large(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 100


if __name__ == "__main__":
    serve(lambda seed: OtherDriver(sys.argv[1], seed=seed), sys.stdin.buffer, sys.stdout.buffer)
