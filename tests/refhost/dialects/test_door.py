"""What a plugin emits while many deltas are delivered: what is let through is what the host would have made of it."""

from __future__ import annotations

import json
from contextlib import closing

import pytest
import wat
from hypothesis import given, settings
from hypothesis import strategies as st
from replayed import CONTEXT, NOW, buffer, deliver, delta, same
from saying import Both, Renewed, give, let_through, mouth

import corpus
from refhost.errors import PluginError
from refhost.host import Host
from refhost.jsontext import dumps, loads
from refhost.limits import TABLES, Limits
from refhost.package import from_bytes, read_package


def saying(value, path="a.b", **update):
    return json.dumps({"updates": [{**update, "values": [{"path": path, "value": value}]}]}, separators=(",", ":"))


def raw(value):
    """A value that is spelled as it is given."""
    return saying("@").replace('"@"', value)


ENTRIES = '"values":[{"path":"a.b","value":1},{"path":"c","value":"d"}]'
_QUOTED = '"\\'
# What is let through.
PLAIN = {
    "no more than it needs": f'{{"updates":[{{{ENTRIES}}}]}}',
    "the least": '{"context":"v","updates":[{"values":[{"path":"","value":0}]}]}',
    "context": f'{{"context":"vessels.urn:x","updates":[{{{ENTRIES}}}]}}',
    "own context": f'{{"context":"{CONTEXT}","updates":[{{{ENTRIES}}}]}}',
    "self": f'{{"context":"vessels.self","updates":[{{{ENTRIES}}}]}}',
    "nearly self": f'{{"context":"vessels.selfe","updates":[{{{ENTRIES}}}]}}',
    "nearly as long as self": f'{{"context":"vessels.sels","updates":[{{{ENTRIES}}}]}}',
    "no context": f'{{"context":"","updates":[{{{ENTRIES}}}]}}',
    "source": f'{{"updates":[{{"$source":"someone.else",{ENTRIES}}}]}}',
    "empty source": f'{{"updates":[{{"$source":"",{ENTRIES}}}]}}',
    "odd source": f'{{"updates":[{{"$source":"no source at all!",{ENTRIES}}}]}}',
    "moment": f'{{"updates":[{{"timestamp":"{NOW}",{ENTRIES}}}]}}',
    "all": f'{{"context":"vessels.self","updates":[{{"$source":"s","timestamp":"{NOW}",{ENTRIES}}}]}}',
    "two updates": f'{{"updates":[{{{ENTRIES}}},{{"$source":"s",{ENTRIES}}}]}}',
    "many updates": '{"updates":[' + ",".join([f"{{{ENTRIES}}}"] * 60) + "]}",
    "printable": raw(f'"{"".join(chr(each) for each in range(32, 128) if chr(each) not in _QUOTED)}"'),
    "sixteen": saying("x" * 16),
    "no value": raw("null"),
    "true": raw("true"),
    "false": raw("false"),
    "empty text": raw('""'),
    "empty path": saying(1, ""),
    "dots": saying(1, ".a..b."),
    "an object": raw('{"latitude":-17.68,"longitude":177.39}'),
    "an object of all": raw('{"a":null,"b":true,"c":false,"d":"e","f":-1,"":0.5,"ab":1,"abc":2}'),
    "brackets in text": raw('"]}]}"'),
    "long": saying("x" * 4040),
    "path of the most parts": saying(1, "." * 199),
    **{number: raw(number) for number in (
        "0", "7", "-7", "10", "123456789012345", "-123456789012345", "0.0", "-0.0", "1.0", "0.1", "0.25", "-0.25",
        "10.5", "100.05", "0.0001", "0.0123", "0.00999", "1234567890123.4", "99999999999999", "1000000.0",
    )},
}  # fmt: skip
# What is for the host to read, whether it takes it or not.
OTHER = {
    "nothing": "",
    "space before": " " + PLAIN["all"],
    "space behind": PLAIN["all"] + " ",
    "end of line behind": PLAIN["all"] + "\n",
    "space between": PLAIN["all"].replace(",", ", "),
    "end of line between": PLAIN["all"].replace(",", ",\n"),
    "more behind": PLAIN["all"] + "}",
    "nul behind": PLAIN["all"] + "\0",
    "no updates": '{"updates":[]}',
    "no entries": '{"updates":[{"values":[]}]}',
    "only context": '{"context":"vessels.self"}',
    "context that is no text": f'{{"context":5,"updates":[{{{ENTRIES}}}]}}',
    "context that is null": f'{{"context":null,"updates":[{{{ENTRIES}}}]}}',
    "context last": f'{{"updates":[{{{ENTRIES}}}],"context":"vessels.urn:x"}}',
    "context twice": f'{{"context":"a","context":"b","updates":[{{{ENTRIES}}}]}}',
    "more in the delta": f'{{"updates":[{{{ENTRIES}}}],"x":1}}',
    "source that is no text": f'{{"updates":[{{"$source":5,{ENTRIES}}}]}}',
    "source twice": f'{{"updates":[{{"$source":"s","$source":"t",{ENTRIES}}}]}}',
    "source and moment in the other order": f'{{"updates":[{{"timestamp":"{NOW}","$source":"s",{ENTRIES}}}]}}',
    "source last": f'{{"updates":[{{{ENTRIES},"$source":"s"}}]}}',
    "source as an object": f'{{"updates":[{{"source":{{"label":"x"}},{ENTRIES}}}]}}',
    "meta": '{"updates":[{"meta":[{"path":"a","value":{"units":"m"}}]}]}',
    "values and meta": f'{{"updates":[{{{ENTRIES},"meta":[{{"path":"a","value":{{}}}}]}}]}}',
    "values twice": f'{{"updates":[{{{ENTRIES},{ENTRIES}}}]}}',
    "an update that is none": f'{{"updates":[{{{ENTRIES}}},5]}}',
    "moment that is none": f'{{"updates":[{{"timestamp":"2024-13-01T00:00:00.000Z",{ENTRIES}}}]}}',
    "moment without a fraction": f'{{"updates":[{{"timestamp":"2024-12-01T00:00:00Z",{ENTRIES}}}]}}',
    "leap second": f'{{"updates":[{{"timestamp":"2024-12-31T23:59:60.000Z",{ENTRIES}}}]}}',
    "moment with more behind": f'{{"updates":[{{"timestamp":"{NOW}x",{ENTRIES}}}]}}',
    "value first": '{"updates":[{"values":[{"value":1,"path":"a"}]}]}',
    "value twice": '{"updates":[{"values":[{"path":"a","value":1,"value":2}]}]}',
    "more in an entry": '{"updates":[{"values":[{"path":"a","value":1,"x":2}]}]}',
    "value missing": '{"updates":[{"values":[{"path":"a"}]}]}',
    "path that is no text": '{"updates":[{"values":[{"path":5,"value":1}]}]}',
    "path of more parts": saying(1, "." * 200),
    "path of more parts in a long text": saying("x" * 1000, "." * 200),
    "long path of one part": saying(1, "a" * 300),
    "an array": raw("[1]"),
    "empty object": raw("{}"),
    "object within an object": raw('{"a":{"b":1}}'),
    "array within an object": raw('{"a":[]}'),
    "key twice": raw('{"a":1,"a":2}'),
    "last key twice": raw('{"a":1,"ab":2,"abc":3,"ab":4}'),
    "empty key twice": raw('{"":1,"":2}'),
    "nine keys": raw("{" + ",".join(f'"{letter}":1' for letter in "abcdefghi") + "}"),
    "object with a comma at its end": raw('{"a":1,}'),
    "object without a colon": raw('{"a"1}'),
    "escape": raw('"a\\u0041"'),
    "escaped quote": raw('"\\""'),
    "backslash at the end": raw('"\\"'),
    "escape in a path": saying(1, 'a"b'),
    "escape in a context": f'{{"context":"\\u0041","updates":[{{{ENTRIES}}}]}}',
    "escape in a source": f'{{"updates":[{{"$source":"\\n",{ENTRIES}}}]}}',
    "escape in a key": raw('{"\\u0061":1,"a":2}'),
    "control character": raw('"\t"'),
    "the last control character": raw('"\x1f"'),
    "end of line in a text": raw('"\n"'),
    "nul in a text": raw('"\0"'),
    "other letters": raw('"é"'),
    "no UTF-8": raw('"é"').encode("latin-1"),
    "a byte order mark": b"\xef\xbb\xbf" + PLAIN["all"].encode(),
    "too long": saying("x" * 4090),
    "much too long": saying("x" * 100_000),
    "True": raw("True"),
    "truex": raw("truex"),
    "nul": raw("nul"),
    "falsy": raw("falsy"),
    "NaN": raw("NaN"),
    "no value at all": raw(""),
    **{number: raw(number) for number in (
        "-0", "00", "01", "-01", "1.", ".5", "-.5", "-", "+1", "1e3", "1E3", "1e-7", "0.10", "1.50", "0.00", "0.00001",
        "0.0000123", "1234567890123456", "12345678901234567890", "12345678901234.56", "1.2.3", "1-2", "--1", "1 ",
        "0x1", "123456789012345678.0", "1_000",
    )},
}  # fmt: skip


@pytest.fixture(scope="module")
def both():
    with Both() as hosts:
        yield hosts


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_plain_is_let_through(name, both):
    carried = both.say(PLAIN[name])
    assert both.through == [PLAIN[name]] * 2
    values = [entry for update in loads(PLAIN[name])["updates"] for entry in update["values"]]
    assert [entry for update in loads(carried)["updates"] for entry in update["values"]] == values
    assert {update["$source"] for update in loads(carried)["updates"]} == {"p"}


@pytest.mark.parametrize("name", OTHER)
def test_all_else_is_for_the_host(name, both):
    both.say(OTHER[name])
    assert both.through == []


@pytest.mark.parametrize("name", PLAIN)
def test_a_text_that_is_cut_is_for_the_host(name, both):
    text = PLAIN[name]
    for length in range(0, len(text), 1 + len(text) // 40):
        both.say(text[:length])
    assert both.through == []


@pytest.mark.parametrize("put", ["~", "", *(pytest.param(put, marks=pytest.mark.long) for put in ('"', "1", "\n"))])
@pytest.mark.parametrize("name", ["no more than it needs", "all", "an object of all", "true", "false", "no value"])
def test_any_one_character_may_be_another(name, put, both):
    text = PLAIN[name]
    for at in range(len(text)):
        both.say(text[:at] + put + text[at + 1 :])


_numbers = (
    st.integers(-(10**17), 10**17).map(str)
    | st.floats(allow_nan=False, allow_infinity=False).map(repr)
    | st.decimals(-(10**6), 10**6, places=4).map(str)
    | st.from_regex(r"-?[0-9]{1,16}(\.[0-9]{1,16})?", fullmatch=True)
)


@pytest.fixture(scope="module")
def shared():
    with closing(Renewed(200)) as hosts:
        yield hosts


@settings(max_examples=400, deadline=None)
@given(number=_numbers)
def test_numbers_that_are_let_through_are_written_so_again(number, shared):
    assert not shared.say(raw(number)) or dumps(loads(number)) == number


_words = st.sampled_from(
    [*PLAIN.values(), *(each for each in OTHER.values() if isinstance(each, str) and len(each) < 500)]
)
_put = st.sampled_from(['"', "{", "}", "[", "]", ",", ":", ".", "0", "-", "\\", "\n", "\0", "é", ""])


@settings(max_examples=400, deadline=None)
@given(text=_words, edits=st.lists(st.tuples(st.floats(0, 1), _put), max_size=3))
def test_whatever_is_changed(text, edits, shared):
    for where, put in edits:
        at = round(where * len(text))
        text = text[:at] + put + text[at + (put == "" or where > 0.5) :]
    shared.say(text)


# Around it.


@pytest.mark.parametrize(("parameters", "version", "is_let_through"), [
    ("i32 i32", 1, True), ("i32 i32 i32", 1, True), ("i32 i32 i32", 0, False), ("i32 i32 i32", 2, False),
    ("i32 i32 i32", -1, False),
])  # fmt: skip
def test_only_version_1_or_none(parameters, version, is_let_through):
    with Both(mouth(parameters, version)) as hosts:
        hosts.say(PLAIN["all"])
        assert bool(hosts.through) is is_let_through


@pytest.mark.parametrize("withdrawn", ["dataWrite", "dataRead"])
def test_without_the_capability_nothing_is_let_through(withdrawn):
    package = from_bytes(mouth().binary, name="p", capabilities={withdrawn: False})
    seen = []
    for at_once in (False, True):
        with Host() as host:
            plugin = host.load(package)
            plugin.start()
            give(plugin, PLAIN["all"].encode())
            deliver(host, [delta(1)] * 4, at_once=at_once)
            seen.append(([str(record) for record in host.log], plugin.emitted, plugin.claims))
    assert seen[0] == seen[1]
    assert seen[0][1] == []


@pytest.mark.parametrize("more", [0, 1])
def test_what_is_longer_than_a_message_may_be_is_for_the_host(more):
    with Both(limits=Limits(message_bytes=200)) as hosts:
        text = saying("x" * (200 - len(saying("")) + more))
        assert bool(hosts.say(text)) is bool(hosts.through) is not bool(more)


@pytest.mark.parametrize(("name", "is_let_through"), [("p" * 101, True), ("p" * 102, False), ("p\xe9", False)])
def test_a_name_for_which_there_is_no_room_is_for_the_host(name, is_let_through):
    with Both(from_bytes(mouth().binary, name=name)) as hosts:
        assert name in loads(hosts.say(PLAIN["all"]))["updates"][0]["$source"]
        assert bool(hosts.through) is is_let_through


@pytest.mark.parametrize("tables", [TABLES, TABLES + 1])
def test_a_plugin_has_as_many_tables_as_without(tables):
    fields = "(table 1 funcref)" * tables
    with Host() as host:
        if tables > TABLES:
            with pytest.raises(PluginError, match="table"):
                host.load(mouth(fields=fields))
        else:
            assert host.load(mouth(fields=fields)).id == "p"


def test_where_tables_may_have_no_entry_there_is_no_door():
    with Both(limits=Limits(table_elements=0)) as hosts:
        assert hosts.say(PLAIN["all"])
        assert hosts.through == []


@pytest.mark.parametrize("place", [0, 3, 16 * 65536 - 100, 16 * 65536, -1])
@pytest.mark.parametrize("length", [0, 150, 5000, -1])
def test_what_does_not_lie_in_its_memory(place, length):
    say = wat.call("sk_handle_message", f"(i32.const {place}) (i32.const {length})", "(i32.const 1)")
    same(from_bytes(buffer(always=say), name="p"), [delta(1)] * 4)


@pytest.mark.parametrize(("name", "count"), [("the least", 9000), ("no more than it needs", 10_002), ("long", 300)])
def test_more_than_there_is_room_for_behind_one_delta(name, count):
    """More than the pump has places for, more than the bus takes, and more than there is room for claims."""
    again = "(global.set $looks (i32.add (global.get $looks) (i32.const 1)))"
    again += f"(br_if $more (i32.lt_u (global.get $looks) (i32.const {count})))"
    package = from_bytes(buffer(handler=f"(loop $more {wat.emit(PLAIN[name])} {again})"), name="p")
    assert len(same(package, [delta(number) for number in range(5)])["emissions"]) == min(count, 10_000)


@pytest.mark.parametrize("name", ["hello-c", "twin-c"])
def test_plugins_of_the_corpus_emit_so(name):
    with Host() as host:
        plugin = host.load(read_package(corpus.plugin(name)))
        plugin.start()
        claims = let_through(plugin)
        host.replay(delta(number, "navigation.speedOverGround") for number in range(50))
        assert claims, plugin.emissions[-1].delta
