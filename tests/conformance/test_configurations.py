"""Configurations out of a plugin's schema: each is accepted, each kind comes up; no schema of a stranger does harm."""

import re
import time

import jsonschema
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from conformance.strategies import any_configurations, configurations
from conformance.strategies.schemas import UsableSchema, expression, harmless
from refhost.errors import ConfigurationError
from refhost.jsontext import dumps, loads

TEXT = {"type": "string"}


def form(**properties):
    """A schema of the kind that plugins have."""
    return {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": properties}


def needed(**properties):
    return {**form(**properties), "required": list(properties)}


SCHEMAS = {
    "form": form(
        on={"type": "boolean", "default": True},
        seconds={"type": "integer", "minimum": 1, "maximum": 60, "default": 10},
        name={"type": "string", "title": "Name", "maxLength": 8},
        ratio={"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    ),
    "enum": needed(kind={"type": "string", "enum": ["a", "b"]}, fixed={"const": [1, None]}),
    "steps": needed(
        whole={"type": "integer", "multipleOf": 5}, tenths={"multipleOf": 0.1, "minimum": -1, "maximum": 1}
    ),
    "list": needed(waypoints={"type": "array", "items": needed(name=TEXT), "minItems": 2, "maxItems": 3}),
    "different": needed(ids={"type": "array", "items": {"type": "integer"}, "uniqueItems": True, "minItems": 1}),
    "tuple": needed(place={"type": "array", "items": [{"type": "number"}, TEXT], "additionalItems": False}),
    "contains": needed(any={"type": "array", "contains": {"const": 7}}),
    "nullable": needed(maybe={"type": ["string", "null"]}),
    "free": {},
    "true": True,
    "map": {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1},
    "names": {"type": "object", "additionalProperties": TEXT, "propertyNames": {"maxLength": 3}, "minProperties": 1},
    "all": {"allOf": [needed(a=TEXT), needed(b={"type": "integer"}), {"properties": {"a": {"minLength": 2}}}]},
    "any": {"anyOf": [needed(a=TEXT), needed(b={"type": "integer"})]},
    "one": {"type": "object", "oneOf": [needed(**{f"k{n}": {"const": n}}) for n in range(5)]},
    "both": {"allOf": [{"anyOf": [needed(a=TEXT), needed(b=TEXT)]}, {"anyOf": [needed(c=TEXT), needed(d=TEXT)]}]},
    "not": needed(a={"type": "integer", "not": {"const": 0}}),
    "if": {**form(a={"enum": [1, 2]}), "if": {"properties": {"a": {"const": 1}}}, "then": {"required": ["a", "b"]}},
    "else": {**needed(a={"enum": [1, 2]}), "if": {"properties": {"a": {"const": 1}}}, "else": {"required": ["c"]}},
    # As the forms of the server's own admin pages are written.
    "dependencies": {
        **needed(kind={"type": "string", "enum": ["udp", "tcp"], "default": "udp"}),
        "dependencies": {
            "kind": {
                "oneOf": [
                    form(kind={"const": "udp"}, port={"type": "integer", "minimum": 1, "maximum": 65535}),
                    needed(kind={"const": "tcp"}, host={"type": "string", "minLength": 1}),
                ]
            }
        },
    },
    "needs": {**form(a=TEXT, b=TEXT), "dependencies": {"a": ["b"]}},
    "pattern": needed(a={"type": "string", "pattern": "^[A-Z]{2}[0-9]{4}$"}),
    "address": needed(a={"type": "string", "pattern": r"^([0-9]{1,3}\.){3}[0-9]{1,3}$"}),
    "mail": needed(a={"type": "string", "pattern": r"^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$"}),
    "formats": needed(
        **{n: {"type": "string", "format": n} for n in ("date-time", "date", "uri", "ipv4", "email", "x")}
    ),
    "reference": {**needed(a={"$ref": "#/definitions/b~1c"}), "definitions": {"b/c": {"type": "integer"}}},
    "tree": {"$ref": "#/definitions/t", "definitions": {"t": form(child={"$ref": "#/definitions/t"}, leaf=TEXT)}},
    "default": form(a={"type": "integer", "default": "not one"}, b={"type": "object", "default": {"c": 1}}),
    "large": needed(a={"type": "integer", "minimum": 10**20}, b={"type": "number", "maximum": -1e300}),
}
every_schema = pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)


def accepts(schema, config):
    """By jsonschema itself, with nothing of ours in between."""
    return jsonschema.Draft7Validator(schema).is_valid(config)


@every_schema
def test_every_configuration_is_accepted(schema):
    count = 0

    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(configurations(schema))
    def check(config):
        nonlocal count
        count += 1
        assert isinstance(config, dict)
        assert accepts(schema, config)
        assert loads(dumps(config)) == config

    check()
    assert count


@every_schema
def test_any_configuration_is_an_object(schema):
    @settings(max_examples=10)
    @given(any_configurations(schema))
    def check(config):
        assert isinstance(config, dict)
        dumps(config)

    check()


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("form", lambda c: c == {}),
        ("form", lambda c: len(c) == 4),
        ("form", lambda c: c.get("on") is False),
        ("form", lambda c: c.get("seconds") == 1),
        ("form", lambda c: c.get("name") == ""),
        ("form", lambda c: not c.get("name", "a").isascii()),
        ("form", lambda c: 0 < c.get("ratio", 0) < 1e-9),
        ("enum", lambda c: c["kind"] == "b"),
        ("list", lambda c: len(c["waypoints"]) == 3),
        ("nullable", lambda c: c["maybe"] is None),
        ("nullable", lambda c: c["maybe"]),
        ("free", lambda c: len(c) > 1),
        ("any", lambda c: "a" not in c),
        ("one", lambda c: "k4" in c),
        ("both", lambda c: {"b", "d"} <= set(c)),
        ("if", lambda c: "b" in c),
        ("if", lambda c: c.get("a") == 2),
        ("dependencies", lambda c: c["kind"] == "tcp"),
        ("dependencies", lambda c: "port" in c),
        ("needs", lambda c: "a" in c),
        ("tree", lambda c: "leaf" in c.get("child", {})),
        ("default", lambda c: c.get("b") == {"c": 1}),
    ],
)
def test_every_kind_is_found(name, condition):
    find(
        configurations(SCHEMAS[name]),
        condition,
        settings=settings(phases=(Phase.generate,), max_examples=2000, database=None),
    )


@pytest.mark.long  # shrinking takes its time
@pytest.mark.parametrize(
    ("name", "smallest"),
    [
        ("form", {}),
        ("enum", {"kind": "a", "fixed": [1, None]}),
        ("list", {"waypoints": [{"name": ""}, {"name": ""}]}),
        ("mail", {"a": "0@0.AA"}),
        ("free", {}),
    ],
)
def test_what_is_smallest(name, smallest):
    assert find(configurations(SCHEMAS[name]), lambda _: True, settings=settings(database=None)) == smallest


def test_what_is_required_stays_at_its_default():
    schema = needed(a={"type": "integer", "default": 7}, b=TEXT)
    assert find(configurations(schema), lambda c: c["b"] != "", settings=settings(database=None)) == {"a": 7, "b": "0"}


@pytest.mark.parametrize(
    "condition",
    [
        lambda c: c.get("seconds") == 0,
        lambda c: isinstance(c.get("name"), list),
        lambda c: c.get("on", 1) is None,
        lambda c: "on" not in c and len(c) > 1,
    ],
)
def test_any_configuration_may_be_refused(condition):
    find(
        any_configurations(SCHEMAS["form"]),
        condition,
        settings=settings(phases=(Phase.generate,), max_examples=3000, database=None),
    )


def test_something_deep_inside_is_replaced_too():
    found = find(
        any_configurations(SCHEMAS["list"]),
        lambda c: (
            isinstance(c.get("waypoints"), list)
            and any(isinstance(w, dict) and isinstance(w.get("name"), dict) for w in c["waypoints"])
        ),
        settings=settings(phases=(Phase.generate,), max_examples=3000, database=None),
    )
    assert not accepts(SCHEMAS["list"], found)


# -- what a stranger's schema may do


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"$ref": "http://127.0.0.1:9/schema.json"}, "refers to 'http://127.0.0.1:9/schema.json', which is outside"),
        ({"$ref": "file:///etc/passwd"}, "which is outside of it"),
        ({"$ref": 5}, "refers to 5, which is outside of it"),
        (form(a={"$ref": "#/definitions/b"}), "refers to '#/definitions/b', which is not there"),
        ({"not": {"$ref": "#"}}, "# contains itself"),
        ({"oneOf": [{"$ref": "#"}, True]}, "# contains itself"),
        (form(a={"type": "nothing"}), "by JSON Schema it is none"),
        ({"type": "object", "properties": []}, "by JSON Schema it is none"),
        ({"properties": {"a": 5}}, "properties is not a schema"),
        ([], "the whole is not a schema"),
        (None, "the whole is not a schema"),
        ({"patternProperties": {"(a+)+$": TEXT}}, "patternProperties is not handled here"),
        ({"not": {"pattern": "^(a+)+$"}}, "could take years"),
        ({"$recursiveRef": "#"}, "$recursiveRef is not handled here"),
    ],
)
def test_a_schema_that_cannot_be_used_says_why(schema, told):
    with pytest.raises(ConfigurationError, match="No configurations can be made from this schema") as caught:
        configurations(schema)
    assert told in str(caught.value)
    # Any objects can be made all the same.
    assert find(any_configurations(schema), lambda _: True, settings=settings(database=None)) == {}


def nested(depth):
    schema = TEXT
    for _ in range(depth):
        schema = form(a=schema)
    return schema


BOMB = {f"d{n}": {"anyOf": [{"$ref": f"#/definitions/d{n + 1}"}] * 2} for n in range(40)} | {"d40": False}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/definitions/d0", "definitions": BOMB},
        nested(150),
        form(**{f"p{n}": TEXT for n in range(3000)}),
    ],
    ids=["bomb", "deep", "wide"],
)
def test_a_schema_without_end_is_refused_in_time(schema):
    start = time.process_time()
    with pytest.raises(ConfigurationError, match="it is too large, or nests too deep"):
        configurations(schema)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "schema",
    [
        needed(a={"type": "string", "minLength": 10**9}),
        needed(a={"type": "array", "minItems": 10**9}),
        {"type": "object", "minProperties": 10**9},
        needed(a={"type": "string", "pattern": "^(a+)+$", "minLength": 30}),
        needed(a={"type": "string", "pattern": "["}),
        {"type": "string"},
        False,
        needed(a=False),
        needed(a={"enum": [], "type": "integer"}),
    ],
)
def test_what_accepts_nothing_that_is_made_yields_nothing(schema):
    start = time.process_time()
    with pytest.raises((Unsatisfiable, ConfigurationError)):
        find(configurations(schema), lambda _: True, settings=settings(database=None))
    assert time.process_time() - start < 5


def test_a_harmful_pattern_leaves_out_what_has_it():
    schema = form(a={"type": "string", "pattern": "^(a+)+$"}, b={"type": "boolean"})

    @given(configurations(schema))
    def check(config):
        assert set(config) <= {"b"}

    check()


def test_a_long_default_is_not_matched_for_years():
    slow = {"type": "string", "pattern": "^a*a*a*b$", "default": "a" * 100_000}
    start = time.process_time()
    find(configurations(needed(a=slow)), lambda _: True, settings=settings(database=None))
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("pattern", "is_harmless"),
    [
        ("", True),
        ("^[a-z]+$", True),
        (r"^\d{3}-\d{4}$", True),
        (r"^([0-9]{1,3}\.){3}[0-9]{1,3}$", True),
        (r"^(ab?c)+$", True),
        ("^(?:on|off)$", True),
        ("^(on|off)?$", True),
        (r"^a\(+$", True),
        ("[(]+[+]", True),
        ("^(a+)+$", False),
        ("^(a*)*b", False),
        ("^((a+))+$", False),
        ("^(a|a)*$", False),
        ("^(a|ab)+$", False),
        ("^((a|b))+$", False),
        (r"^(\w+\s?)*$", False),
        ("^(a{2,}){3}$", False),
        ("^(a{1,500})+$", False),
        ("a*a*a*a*b", False),
        (r"^(a)\1$", False),
        ("^(?=a)b", False),
        ("^(?P<n>a)$", False),
        ("x" * 500, False),
        ("[", False),
        (r"\p{L}+", False),
        (5, False),
    ],
)
def test_which_patterns_are_harmless(pattern, is_harmless):
    assert harmless(pattern) is is_harmless


@settings(max_examples=150, deadline=2000)
@given(st.text("ab(|)*+?{1,3}[^]\\$", max_size=14))
def test_what_is_called_harmless_is_matched_in_time(pattern):
    if harmless(pattern):
        for text in ("a" * 200, "ab" * 100, "b" * 199 + "!"):
            expression(pattern).search(text)


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [("^a$", "a", True), ("^a$", "a\n", False), (r"^\d$", "٣", False), (r"^\$$", "$", True), ("[$]", "$", True)],
)
def test_a_pattern_means_what_json_schema_means(pattern, text, matches):
    assert bool(expression(pattern).search(text)) is matches
    assert UsableSchema({"pattern": pattern}).accepts(text) is matches


def test_nothing_is_fetched(monkeypatch):
    def fetched(*_):
        raise AssertionError("it was fetched")

    monkeypatch.setattr("urllib.request.urlopen", fetched)
    with pytest.raises(ConfigurationError):
        configurations({"$ref": "http://json-schema.org/draft-07/schema"})


def test_what_a_schema_says_does_not_act_on_a_terminal():
    with pytest.raises(ConfigurationError) as caught:
        configurations({"$ref": "\x1b[31m"})
    assert re.search(r"\\x1b", str(caught.value))
    assert "\x1b" not in str(caught.value)
