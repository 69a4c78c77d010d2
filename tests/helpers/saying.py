"""A plugin that emits the text that it is given, in two hosts: one delivers one by one, and one at once."""

from __future__ import annotations

import json
from contextlib import ExitStack

import wat
from replayed import deliver, delta, written

from refhost.host import Host
from refhost.limits import Limits
from refhost.package import from_bytes

# Where the text lies, behind its length; and where the plugin gets deltas, at every other call the one or the other.
TEXT, HEARD, APART = 200_000, 524_288, 262_144
_DELTAS = [delta(1), delta(2)]


def mouth(parameters="i32 i32 i32", version=1, fields=""):
    """The plugin; it speaks at every other delta that it gets, and so not at its own."""
    third = f"(i32.const {version})" if parameters.count("i32") > 2 else ""
    return from_bytes(
        wat.assemble(
            f"""
    (global $n (mut i32) (i32.const 0))
    (func $name (param $at i32) (result i32) (i32.store8 (local.get $at) (i32.const 112)) (i32.const 1))
    (func (export "plugin_id") (param i32 i32) (result i32) (call $name (local.get 0)))
    (func (export "plugin_name") (param i32 i32) (result i32) (call $name (local.get 0)))
    (func (export "plugin_schema") (param i32 i32) (result i32) (i32.const 0))
    (func (export "plugin_start") (param i32 i32) (result i32) (i32.const 0))
    (func (export "plugin_stop") (result i32) (i32.const 0))
    (func (export "allocate") (param i32) (result i32)
      (i32.add (i32.const {HEARD}) (i32.mul (i32.and (global.get $n) (i32.const 1)) (i32.const {APART}))))
    (func (export "deallocate") (param i32 i32))
    {fields}
    (func (export "delta_handler") (param i32 i32)
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (if (i32.and (global.get $n) (i32.const 1))
        (then (call $say (i32.const {TEXT}) (i32.load (i32.const {TEXT - 4})) {third}))))""",
            imports=wat.imported("env", "sk_handle_message", parameters).replace("$sk_handle_message", "$say"),
            memory='(memory (export "memory") 16)',
        ),
        name="p",
    )


def give(plugin, data):
    """Let it have the text that it emits from here on."""
    plugin.instance.memory.write(TEXT - 4, len(data).to_bytes(4, "little") + data)


def let_through(plugin):
    """The claims of a plugin that are let through from here on, a list that grows."""
    claims, pump = [], plugin.instance.pump()
    ask = pump.let_through

    def asked():
        found = ask()
        claims.extend(each.claim for each in found)
        return found

    pump.let_through = asked
    return claims


class Both:
    """Both hosts.

    Attributes:
        at_once: the plugin in the one that delivers at once.
        through: the claims that were let through since the last `say` began.
    """

    def __init__(self, package=None, limits=None):
        self._stack = ExitStack()
        package = package or mouth()
        limits = limits or Limits(kept_deltas=8)
        self._hosts = [self._stack.enter_context(Host(limits=limits)) for _ in range(2)]
        self._plugins = [host.load(package) for host in self._hosts]
        for plugin in self._plugins:
            plugin.start()
        self.at_once = self._plugins[1]
        self.through = let_through(self.at_once)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()

    def say(self, text):
        """Emit a text in both, which must come to the same; the text of the delta that came of it, if one did."""
        data = text.encode() if isinstance(text, str) else text
        seen = []
        self.through.clear()
        for host, plugin in zip(self._hosts, self._plugins, strict=True):
            before, records = len(host.bus.emissions) + host.bus.forgotten, len(host.log)
            give(plugin, data)
            deliver(host, _DELTAS, at_once=plugin is self.at_once)
            new = len(host.bus.emissions) + host.bus.forgotten - before
            seen.append(
                {
                    "emitted": written(host.bus.emissions[-new:]),
                    "new": new,
                    "claims": plugin.claims,
                    "log": [str(record) for record in host.log[records:]],
                    "model": json.dumps(host.model.root),
                    "heard": [plugin.instance.memory.read(at, 8192) for at in (HEARD, HEARD + APART)],
                    "state": str(plugin.state),
                }
            )
        assert seen[0] == seen[1]
        return seen[0]["emitted"][-1][3] if seen[0]["new"] else ""


class Renewed:
    """Both hosts for many texts: made anew now and then, since their journals grow, and when they differed."""

    def __init__(self, texts):
        self._texts = texts
        self._said = 0
        self._both = None

    def say(self, text):
        """As `Both.say`; the claims that were let through."""
        if self._both is None or self._said % self._texts == 0:
            self.close()
            self._both = Both()
        self._said += 1
        try:
            self._both.say(text)
        except BaseException:
            self.close()
            raise
        return list(self._both.through)

    def close(self):
        if self._both is not None:
            self._both.__exit__()
            self._both = None
