"""RES: resource providers (contract §15)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from conformance.plugin_checks.registry import check
from conformance.replies import (
    AWKWARD_TEXTS,
    Reply,
    Request,
    exports_all,
    exports_of,
    json_of,
    never_harms,
    parsed,
    readable,
    registered,
    registers_again,
    replies,
    unharmed_by,
)
from conformance.strategies import json_values, resource_queries
from conformance.strategies.json_values import TEXTS
from conformance.trial import require
from conformance.verdict import NotApplicable, NotJudged, Violation
from refhost.jsontext import NotJson, dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.drivers.interface import Session
    from conformance.trial import Trial

_LIST, _GET = "resources_list_resources", "resources_get_resource"
_SET, _DELETE = "resources_set_resource", "resources_delete_resource"
_MOST_TYPES = 3
_ID = "6b0f9c5a-0d52-4f0e-9a43-2f6e9e3a7c11"
_HOSTILE_IDS = (*AWKWARD_TEXTS, "", "../../x", "constructor", "a/b?c#d", "x" * 5000)
_POINT = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [24.95, 60.16]}, "properties": {}}
_LINE = {
    "type": "Feature",
    "geometry": {"type": "LineString", "coordinates": [[24.95, 60.16], [24.99, 60.14]]},
    "properties": {},
}
_AREA = {
    "type": "Feature",
    "geometry": {"type": "Polygon", "coordinates": [[[24.9, 60.1], [25.0, 60.1], [25.0, 60.2], [24.9, 60.1]]]},
    "properties": {},
}
_WORDS = {"name": "Suite", "description": "Set by the conformance suite"}
# One of each standard type of the Signal K specification, as a client would send it.
_SAMPLES: dict[str, dict[str, Any]] = {
    "waypoints": {**_WORDS, "type": "Waypoint", "feature": _POINT},
    "routes": {**_WORDS, "distance": 3500, "feature": _LINE},
    "regions": {**_WORDS, "feature": _AREA},
    "notes": {"title": "Suite", "description": "Set by the conformance suite", "mimeType": "text/plain"},
    "charts": {**_WORDS, "identifier": "suite", "type": "tilelayer", "url": "http://boat.local/{z}/{x}/{y}"},
}
# None of these is a resource.
_NO_RESOURCES: tuple[Any, ...] = (None, 5, "text", [])


def _asked(export: str, kind: str, **request: Any) -> Request:  # noqa: ANN401 - JSON
    """A request in the order in which the host writes it (§15)."""
    return Request(export, dumps({**request, "resourceType": kind}))


def _types(trial: Trial) -> list[str]:
    return registered(trial, "resource")[:_MOST_TYPES]


def _needs(trial: Trial, *exports: str) -> list[str]:
    """The types that it provides, given that it has the handlers.

    Raises:
        NotJudged: a handler that it must have is missing.
        NotApplicable: one that it may do without.
    """
    kinds = _types(trial)
    for name in exports:
        if name not in exports_of(trial):
            if name in (_LIST, _GET):
                raise NotJudged(f"the plugin exports no {name} (see RES-001)")
            raise NotApplicable(f"the plugin exports no {name}: what it provides cannot be changed")
    return kinds


def _plain(kinds: Sequence[str]) -> Iterator[Request]:
    for kind in kinds:
        yield _asked(_LIST, kind)
        yield _asked(_LIST, kind, limit="10", position="[24.9,60.1]", distance="5000")
        yield _asked(_GET, kind, id=_ID, property=None)
        yield _asked(_GET, kind, id=_ID, property="name")


def _hostile(kinds: Sequence[str]) -> Iterator[Request]:
    for kind in kinds:
        for text in _HOSTILE_IDS:
            yield _asked(_GET, kind, id=text, property=None)
            yield _asked(_LIST, kind, q=text)
    yield _asked(_LIST, "no-such-type")
    yield _asked(_GET, "no-such-type", id=_ID, property=None)


def _plain_replies(trial: Trial) -> Sequence[Reply]:
    kinds = _needs(trial, _LIST, _GET)
    return replies(trial, "RES", lambda _: _plain(kinds))


def _hostile_replies(trial: Trial) -> Sequence[Reply]:
    kinds = _needs(trial, _LIST, _GET)
    return replies(trial, "RES hostile", lambda _: _hostile(kinds))


class _Store:
    """One type of resources of a running plugin."""

    def __init__(self, session: Session, kind: str) -> None:
        self._session = session
        self.kind = kind

    def ask(self, export: str, **request: Any) -> str:  # noqa: ANN401 - JSON
        """The answer of a handler.

        Raises:
            NotJudged: the call ended badly.
        """
        asked = _asked(export, self.kind, **request)
        text = self._session.ask(asked.export, asked.text)
        if self._session.fault:
            raise NotJudged(f"{export} ended badly: {self._session.why()} (see RES-005 and RES-006)")
        return text

    def set(self, resource_id: str, value: Any) -> str:  # noqa: ANN401 - JSON
        """Create or replace one."""
        return self.ask(_SET, id=resource_id, value=value)

    def delete(self, resource_id: str) -> str:
        """Delete one."""
        return self.ask(_DELETE, id=resource_id)

    def get(self, resource_id: str) -> Any:  # noqa: ANN401 - JSON
        """One of them; None where the answer is not JSON."""
        return _lenient(self.ask(_GET, id=resource_id, property=None))

    def ids(self) -> list[str]:
        """Of all of them."""
        found = _lenient(self.ask(_LIST))
        return list(found) if isinstance(found, dict) else []

    def holds(self, resource_id: str, value: dict[str, Any]) -> bool:
        """Whether a resource is there, with the name or title of `value`."""
        found = self.get(resource_id)
        name = "title" if "title" in value else "name"
        return isinstance(found, dict) and found.get(name) == value[name]


def _lenient(text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return loads(text)
    except NotJson:
        return None


def sample(kind: str) -> dict[str, Any]:
    """A resource of a type, as a client would send it."""
    return _SAMPLES.get(kind, dict(_WORDS))


def _difference(given: Any, got: Any, where: str = "") -> str:  # noqa: ANN401 - JSON
    """Where what was set is not in what was got; more may be there. "" when all of it is."""
    if isinstance(given, dict):
        if not isinstance(got, dict):
            return where or "all of it"
        return next(filter(None, (_difference(v, got.get(k), f"{where}.{k}".strip(".")) for k, v in given.items())), "")
    if isinstance(given, list):
        if not isinstance(got, list) or len(got) != len(given):
            return where
        return next(filter(None, (_difference(v, w, where) for v, w in zip(given, got, strict=True))), "")
    return "" if given == got else where


def _set_samples(session: Session, kinds: Sequence[str]) -> list[_Store]:
    """Set the sample of each type; those types that took it.

    Raises:
        NotApplicable: no type did.
    """
    taken, refusal = [], ""
    for kind in kinds:
        store = _Store(session, kind)
        answer = store.set(_ID, sample(kind))
        if answer and not store.holds(_ID, sample(kind)):
            refusal = answer
        else:
            taken.append(store)
    if not taken:
        raise NotApplicable(f"the plugin refuses the suite's sample of {', '.join(kinds)}: {refusal[:200]}")
    return taken


@check("RES-001")
def exports_its_readers(trial: Trial) -> None:
    """List and get."""
    kinds = _types(trial)
    exports_all(trial, (_LIST, _GET), f"it registered as provider of {', '.join(kinds)}")


@check("RES-002")
def exports_its_writers(trial: Trial) -> None:
    """Set and delete."""
    kinds = _types(trial)
    exports_all(trial, (_SET, _DELETE), f"it registered as provider of {', '.join(kinds)}")


@check("RES-003")
def lists_by_id(trial: Trial) -> None:
    """A list is an object of objects."""
    lists = [reply for reply in _plain_replies(trial) if reply.request.export == _LIST]
    for reply, answer in parsed(trial, lists):
        if not isinstance(answer, dict):
            raise reply.violation(trial, "its answer is no object by id")
        for name, value in answer.items():
            if not isinstance(value, dict):
                raise reply.violation(trial, f"the resource {name!r} is no object")


@check("RES-004")
def gets_in_objects(trial: Trial) -> None:
    """Also what is not there."""
    gets = [r for r in _plain_replies(trial) if r.request.export == _GET and '"property":null' in r.request.text]
    for reply, answer in parsed(trial, gets):
        if not isinstance(answer, dict):
            raise reply.violation(trial, "asked for an id that there is not, its answer is no JSON object")


@check("RES-005")
def takes_any_request(trial: Trial) -> None:
    """No request brings it down."""
    unharmed_by(trial, _plain_replies(trial))
    unharmed_by(trial, _hostile_replies(trial))
    exports = exports_of(trial)
    kind = st.sampled_from(_types(trial))
    text = st.one_of(TEXTS, st.just(_ID))
    made = [
        st.builds(lambda k, query: _asked(_LIST, k, **query), kind, resource_queries()),
        st.builds(lambda k, i: _asked(_GET, k, id=i, property=None), kind, text),
    ]
    if _SET in exports:
        made.append(st.builds(lambda k, i, v: _asked(_SET, k, id=i, value=v), kind, text, json_values()))
    if _DELETE in exports:
        made.append(st.builds(lambda k, i: _asked(_DELETE, k, id=i), kind, text))
    never_harms(trial, "RES-005", st.one_of(made))


@check("RES-006")
def answers_hostile_ids(trial: Trial) -> None:
    """Whatever an id holds, the answer can be read; and so is that to a part of a resource."""
    found = [*_plain_replies(trial), *_hostile_replies(trial)]
    readable(trial, found)
    parsed(trial, found)


@check("RES-007")
def keeps_what_was_set(trial: Trial) -> None:
    """Set, then get and list."""
    kinds = _needs(trial, _LIST, _GET, _SET)
    with trial.running() as session:
        for store in _set_samples(session, kinds):
            found = store.get(_ID)
            lost = _difference(sample(store.kind), found)
            seen = f"{store.kind}: what was set is not what get answers; it differs at {lost}"
            require(not lost, seen, case=f"it answered {dumps(found)}")
            require(_ID in store.ids(), f"{store.kind}: what was set is not in the list")


@check("RES-008")
def forgets_what_was_deleted(trial: Trial) -> None:
    """Delete, then get and list."""
    kinds = _needs(trial, _LIST, _GET, _SET, _DELETE)
    with trial.running() as session:
        for store in _set_samples(session, kinds):
            answer = store.delete(_ID)
            if answer:
                raise NotApplicable(f"the plugin does not delete {store.kind}: {answer[:200]}")
            gone = _ID not in store.ids() and not store.holds(_ID, sample(store.kind))
            require(gone, f"{store.kind}: what was deleted is still there")


@check("RES-009")
def says_nothing_of_success(trial: Trial) -> None:
    """Set and delete answer nothing when they have worked: any text is an error."""
    kinds = _needs(trial, _LIST, _GET, _SET)
    with trial.running() as session:
        for kind in kinds:
            store, value = _Store(session, kind), sample(kind)
            told = store.set(_ID, value)
            if not store.holds(_ID, value):
                continue
            require(not told, f"{_SET} set the resource, and answered {told!r}, which says that it did not")
            if _DELETE in exports_of(trial):
                told = store.delete(_ID)
                gone = not store.holds(_ID, value)
                require(
                    not told or not gone,
                    f"{_DELETE} deleted the resource, and answered {told!r}, which says that it did not",
                )


@check("RES-010")
def remembers(trial: Trial) -> None:
    """What was set outlives the plugin."""
    kinds = _needs(trial, _LIST, _GET, _SET)
    if not trial.subject.grants.has("storage"):
        raise NotApplicable("the plugin does not hold the capability storage")
    with trial.running() as session:
        taken = [store.kind for store in _set_samples(session, kinds)]
        session.stop()
        session.reload()
        if session.start(trial.subject.config) != "running":
            raise NotJudged(f"the plugin did not start again: {session.why()}")
        lost = [kind for kind in taken if not _Store(session, kind).holds(_ID, sample(kind))]
    require(not lost, f"stopped, loaded again and started, it had lost what was set: {', '.join(lost)}")


@check("RES-011")
def refuses_what_is_none(trial: Trial) -> None:
    """A resource is an object."""
    kinds = _needs(trial, _LIST, _GET, _SET)
    with trial.running() as session:
        for kind in kinds:
            for value in _NO_RESOURCES:
                answer = _Store(session, kind).set(_ID, value)
                require(answer, f"{_SET} took {dumps(value)} as one of the {kind}, and answered no error")


@check("RES-012")
def provides_resources_again(trial: Trial) -> None:
    """A second life provides what the first did."""
    registers_again(trial, "resource")


@check("RES-013")
def writes_in_texts(trial: Trial) -> None:
    """Set and delete answer in texts, whatever the id, or whatever is said under an id that nobody would refuse."""
    kinds = _needs(trial, _LIST, _GET, _SET)
    exports = exports_of(trial)

    def requests(_: Session) -> Iterator[Request]:
        for kind in kinds:
            for text in _HOSTILE_IDS:
                yield _asked(_SET, kind, id=text, value={**sample(kind), "description": text})
                yield _asked(_LIST, kind)
                if _DELETE in exports:
                    yield _asked(_DELETE, kind, id=text)
                yield _asked(_SET, kind, id=_ID, value={**sample(kind), "description": text})
                yield _asked(_LIST, kind)

    found = replies(trial, "RES set", requests)
    unharmed_by(trial, found)
    readable(trial, found)
    latest = found[0]
    for reply in found:
        if reply.request.export == _SET:
            latest = reply
        elif reply.request.export == _LIST and not reply.fault:
            _still_listed(trial, latest, reply)


def _still_listed(trial: Trial, latest: Reply, reply: Reply) -> None:
    try:
        json_of(trial, reply)
    except Violation as violation:
        trial.steps[-1:] = [latest.steps[-1], reply.steps[-1]]
        raise Violation(
            f"once a resource with an awkward id or text was set, {violation.seen}", case=violation.case
        ) from None
