"""Mutants: faults of deltas on their way, and of the data model."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from conformance.host_mutants.mutant import add, mutant, nothing
from refhost import bus, delta, model
from refhost.bus import Bus
from refhost.delta import Admission
from refhost.dialects.buffer import BufferInstance
from refhost.jsontext import NotJson
from refhost.model import Model
from refhost.services import deltas
from refhost.subscriptions import Subscriptions

if TYPE_CHECKING:
    from conformance.host_mutants.mutant import Original


def _admitted(name: str, change: Any) -> None:
    """A delta that is on the bus otherwise than it was admitted."""

    @mutant(name, bus, "admit_there")
    def admit(original: Original, claimed: Any, *arguments: Any, **named: Any) -> Any:
        admission = original(claimed, *arguments, **named)
        if admission.delta is not None:
            change(admission.delta)
        return admission


def _each_update(name: str, **changes: Any) -> None:
    _admitted(name, lambda carried: [update.update(changes) for update in carried["updates"]])


def _values(name: str, change: Any) -> None:
    """The values of each update, changed."""

    def each(carried: Any) -> None:
        for update in carried["updates"]:
            update["values"] = change(update.get("values", []))

    _admitted(name, each)


_each_update("gives no source", **{"$source": ""})
_each_update("gives one source to all", **{"$source": "plugin"})
_each_update("gives no time", timestamp="")
_each_update("gives seconds", timestamp="2026-01-01T00:00:00Z")
_each_update("overwrites timestamps", timestamp="2026-01-01T00:00:00.000Z")
_each_update("carries no values", values=[])
_each_update("carries no metadata", meta=[])
_admitted("keeps vessels.self", lambda carried: carried.update(context="vessels.self"))
_values("drops null", lambda values: [pair for pair in values if pair["value"] is not None])
_values("carries whole numbers", lambda values: [{**pair, "value": _rounded(pair["value"])} for pair in values])
nothing("carries any timestamp", delta, "is_timestamp", result=True)


def _rounded(value: Any) -> Any:
    return round(value) if isinstance(value, float) else value


@mutant("takes all or nothing", bus, "admit_there")
def _all_or_nothing(original: Original, claimed: Any, *arguments: Any, **named: Any) -> Any:
    admission = original(claimed, *arguments, **named)
    return Admission(None, admission.problems) if any(p.shape for p in admission.problems) else admission


@mutant("takes everything", bus, "admit_there")
def _unchecked(_: Any, claimed: Any, *__: Any, source: Any, self_context: Any, timestamp: Any) -> Any:
    updates = claimed.get("updates") if isinstance(claimed, dict) else None
    found = [update for update in updates if isinstance(update, dict)] if isinstance(updates, list) else []
    carried = [{**update, "$source": source, "timestamp": timestamp} for update in found]
    return Admission({"context": self_context, "updates": carried}, ())


@mutant("reads any JSON", deltas, "loads")
def _lenient(_: Any, text: Any) -> Any:
    try:
        return json.loads(text, parse_constant=lambda word: word)
    except RecursionError:
        return {"updates": [{"values": [{"path": "deep", "value": 1}]}]}
    except ValueError as error:
        try:
            return json.JSONDecoder().raw_decode(text)[0]
        except (ValueError, RecursionError):
            raise NotJson(str(error)) from None


@mutant("queues the latest first", Bus, "_put")
def _latest_first(_: Any, self: Any, carried: Any, version: Any) -> None:
    self._queue.appendleft((carried, version))


@mutant("delivers while it runs", Bus, "_put")
def _at_once(_: Any, self: Any, carried: Any, version: Any) -> None:
    self._deliver(carried, version)


@mutant("drops what a start emitted", Bus, "emit")
def _drops_held(original: Original, self: Any, plugin: Any, carried: Any, version: Any, *size: Any) -> None:
    if not self._held:
        original(self, plugin, carried, version, *size)


@mutant("delivers twice", Subscriptions, "route")
def _twice(original: Original, self: Any, carried: Any, text: Any) -> None:
    original(self, carried, text)
    original(self, carried, text)


@mutant("delivers to the first", Subscriptions, "route")
def _only_first(original: Original, self: Any, carried: Any, text: Any) -> None:
    every = self._subscribers
    self._subscribers = dict(list(every.items())[:1])
    original(self, carried, text)
    self._subscribers = {**every, **self._subscribers}


@mutant("delivers to others only", Subscriptions, "route")
def _to_others(original: Original, self: Any, carried: Any, text: Any) -> None:
    every = self._subscribers
    own = {update["$source"] for update in carried["updates"]}
    self._subscribers = {name: one for name, one in every.items() if name not in own}
    original(self, carried, text)
    self._subscribers = {**every, **self._subscribers}


def _delivering(name: str, change: Any) -> None:
    """A delta that plugins get otherwise than the bus carries it."""

    @mutant(name, BufferInstance, "deliver")
    def deliver(original: Original, self: Any, text: Any) -> None:
        carried = json.loads(text)
        change(carried)
        original(self, json.dumps(carried, separators=(",", ":"), ensure_ascii=False))


_delivering("delivers without times", lambda carried: [update.pop("timestamp") for update in carried["updates"]])
_delivering(
    "delivers without sources", lambda carried: [update.update({"$source": ""}) for update in carried["updates"]]
)
_delivering("delivers vessels.self", lambda carried: carried.update(context="vessels.self"))
nothing("delivers nothing", Subscriptions, "route")


@mutant("counts all plugins together", Bus, "_may_queue")
def _together(original: Original, self: Any, plugin: Any, function: Any, size: Any) -> Any:
    return original(self, "all", function, size)


@mutant("cuts off without a word", Bus, "_may_queue")
def _without_word(_: Any, self: Any, plugin: Any, function: Any, size: Any) -> Any:
    self._emitted_in_tick.update(Counter([plugin]))
    return self._emitted_in_tick[plugin] < 5000


@mutant("v2 enters the model", Bus, "_deliver")
def _v2_in_model(original: Original, self: Any, carried: Any, version: Any) -> None:
    self._model.apply(carried)
    original(self, carried, version)


nothing("notifies anything", deltas, "_notification_problem", "")
nothing("notifies anything", deltas, "_path_problem", "")

# ---- the model --------------------------------------------------------------------------------------------------

nothing("the model forgets", Model, "_apply")


def _first_counts(context: Any, path: Any, value: Any, update: Any) -> None:
    node = model._descend(context, path) if path else context
    for key, given in (("value", value), ("$source", update["$source"]), ("timestamp", update["timestamp"])):
        node.setdefault(key, given)


add("the model keeps the first", Model, "_write", staticmethod(_first_counts))


def _no_null(context: Any, path: Any, value: Any, update: Any, original: Original = Model._write) -> None:
    if value is not None:
        original(context, path, value, update)


add("the model drops null", Model, "_write", staticmethod(_no_null))


@mutant("the model has no metadata", Model, "_apply")
def _no_meta(original: Original, self: Any, carried: Any) -> None:
    original(self, {**carried, "updates": [{**update, "meta": []} for update in carried["updates"]]})


@mutant("the model has leaves only", Model, "self_path")
def _leaves(original: Original, self: Any, path: Any) -> Any:
    node = original(self, path)
    return node if not isinstance(node, dict) or "value" in node else None


@mutant("the model does not know vessels.self", Model, "path")
def _no_self(original: Original, self: Any, path: Any) -> Any:
    return None if path.startswith("vessels.self") else original(self, path)


@mutant("the model forgets who said it", Model, "_apply")
def _unsaid(original: Original, self: Any, carried: Any) -> None:
    original(self, {**carried, "updates": [{**update, "$source": ""} for update in carried["updates"]]})


@mutant("the model has bare values", Model, "self_path")
def _bare(original: Original, self: Any, path: Any) -> Any:
    node = original(self, path)
    return node["value"] if isinstance(node, dict) and "value" in node else node


@mutant("the model is the own vessel's", Model, "_context")
def _own(original: Original, self: Any, name: Any) -> Any:
    return original(self, ".".join(self._self))


_PROTOTYPES = {"__proto__", "constructor", "prototype", "toString", "hasOwnProperty"}


@mutant("the model drops names that JavaScript knows", Model, "_apply")
def _dropped(original: Original, self: Any, carried: Any) -> None:
    for update in carried["updates"]:
        if any(_PROTOTYPES & set(pair["path"].split(".")) for pair in update.get("values", ())):
            return
    original(self, carried)


@mutant("the model has what JavaScript's objects have", model, "_lookup")
def _native(original: Original, node: Any, path: Any) -> Any:
    return {"value": "native code"} if _PROTOTYPES & set(path.split(".")) else original(node, path)


@mutant("the model goes on below values", model, "_lookup")
def _below(original: Original, node: Any, path: Any) -> Any:
    found = original(node, path)
    head = path.rpartition(".")[0]
    return _below(original, node, head) if found is None and head else found
