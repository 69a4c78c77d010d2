"""Lives of the twins (corpus/twins/SPEC.md): what surrounds them, what they hear and are asked, and what is seen."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace

import corpus
from refhost.binary import is_component
from refhost.capabilities import Grants
from refhost.host import SELF_ID, Host
from refhost.jsontext import dumps

FILE = "/data/twin.json"
STREAMS = {
    kind: (corpus.DELTAS / f"{kind}.jsonl").read_text("utf-8").strip().split("\n") for kind in ("ordinary", "edge")
}
PUT = "handle_put_vessels_self_plugins_twin_limit"
ROOM = 65536
# What a disk may refuse to do.
FAILURES = ("open", "read", "write")


def speeds(*values, path="navigation.speedOverGround"):
    """A delta for each of these values; a list of them is one delta."""
    groups = [value if isinstance(value, list) else [value] for value in values]
    return [dumps({"updates": [{"values": [{"path": path, "value": v} for v in group]}]}) for group in groups]


DEPTH = speeds(4.25, path="environment.depth.belowTransducer")


def asking(kind, **request):
    """A request to the provider of resources."""
    return f"resources_{kind}", dumps({**request, "resourceType": "places"})


def http(handler, **request):
    return f"http_{handler}", dumps({"method": "GET", "path": "/", "query": {}, "params": {}, "body": None, **request})


STATE = http("get_state")
RESET = http("post_reset")
HOME = {"name": "Home", "position": {"latitude": 60.1, "longitude": 24.9}, "tags": [1, {"a": '}]"{'}], "n": 1e-300}


@dataclass(frozen=True)
class Life:
    """What surrounds a twin while it lives, and what is asked of it: steps of three kinds.

    A text is a delta, a number seconds to wait, a pair of texts an export and what it is asked, which only core
    modules are. The operation `fails` on files does.
    """

    steps: tuple = ()
    config: str = "{}"
    capabilities: dict[str, object] = field(default_factory=dict)
    file: bytes | None = None
    folder: bool = False
    fails: str = ""
    lives: int = 2

    def of(self, package):
        """What a person, a client, the bus and the disk see of it."""
        grants = Grants.exactly({**package.manifest["wasmCapabilities"], **self.capabilities})
        core = not is_component(package.binary)
        answers = []
        with Host() as host:
            plugin = host.load(replace(package, grants=grants))
            if self.file is not None:
                plugin.vfs.write(FILE, self.file)
            if self.folder:
                plugin.vfs.write(f"{FILE}/inside", b"")
            plugin.vfs.faults.append(lambda operation: "EIO" if operation.name == self.fails else 0)
            for _ in range(self.lives):
                plugin.start_with(self.config)
                for step in self.steps:
                    if isinstance(step, str):
                        host.publish_delta(step)
                    elif isinstance(step, tuple):
                        if core and plugin.is_running:
                            ask = plugin.ask_http if step[0].startswith("http_") else plugin.ask
                            answers.append([clipped(text) for text in (*step, canonical(ask(*step, ROOM)))])
                    else:
                        host.advance(step)
                plugin.stop()
            faults = [record.text for record in plugin.log if record.kind == "fault"]
            return {
                "emitted": [canonical(dumps(of_no_one(delta))) for delta in plugin.emitted],
                "said": [
                    f"{record.kind}: {record.text}" for record in plugin.log if record.kind in ("status", "error")
                ],
                "answers": answers,
                "file": plugin.vfs.files().get(FILE),
                "faults": faults,
                "state": plugin.state,
                "saved": plugin.config.configuration,
            }


def of_no_one(delta):
    """A delta without the twin's own id and without its time."""
    updates = [{key: part for key, part in update.items() if key != "$source"} for update in delta["updates"]]
    own = delta["context"] == f"vessels.{SELF_ID}"
    return {"context": "self" if own else delta["context"], "updates": updates}


def clipped(text):
    """Long texts by their length and their sum, so that the snapshot can be read."""
    return (
        text
        if len(text) <= 300
        else f"{text[:60]} … {len(text)} characters, {hashlib.sha256(text.encode()).hexdigest()}"
    )


def canonical(text):
    """JSON in the one way in which it can be written: sorted keys, no white space. Other text as it is."""
    try:
        return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    except ValueError:
        return text


DEPTHS = [
    speeds(depth, path="environment.depth.belowTransducer")
    for depth in (-1, -0.0001, "4", None, 0, 999999.9999, 1e6, 1e308, {"value": 4}, True, 12.3456, 5e-324)
]
# So long may a text be that the file is 8000 bytes long.
FITS = 8000 - len('{"starts":1,"places":{"a":{"a":""}}}')

PUTS = tuple(
    (PUT, text)
    for text in (
        *(
            "3.5",
            "0",
            "-0",
            "-0.0004",
            "-0.001",
            "1000",
            "1000.0009",
            "1000.001",
            "1e3",
            "1E+3",
            "100e-2",
            "1e-999999999999",
        ),
        *(
            "1e999999999999",
            "0e999999999999",
            "1e000000000000003",
            "2e-000000000000001",
            "0.0000000000001e13",
            "123456789e-8",
            "4.9999999999999999999999",
            "00",
            "01",
        ),
        *("1.", ".5", "+1", "-", "1e", "1e+", "0x10", "Infinity", "NaN", "5 5", "\t5\n", "5,", "", " ", "null", "true"),
        *(
            "false",
            '"5"',
            '""',
            "[5]",
            "[]",
            "{}",
            '{"value":5}',
            "٣",
            "5\u00a0",
            "\ufeff5",
            "9" * 400,
            "1" + "0" * 400 + "e-400",
        ),
    )
)
PLACES = (
    asking("list_resources"),
    asking("get_resource", id="home", property=None),
    asking("set_resource", id="home", value=HOME),
    asking("set_resource", id="b", value={}),
    asking("set_resource", id="6b0f9c5a-0d52-4f0e-9a43-2f6e9e3a7c11", value={"name": 'Žluťoučký "海豚" \\ 🐬\n'}),
    asking("list_resources", limit="10"),
    asking("get_resource", id="home", property=None),
    http("get_place", params={"id": "home"}),
    http("get_place", params={"id": "nowhere"}),
    http("get_place", params={}),
    http("get_place"),
    ("http_get_place", '{"params": {"id": "b"'),
    ("resources_get_resource", ' {"id":"\\u0068ome" , "id":"\\u0062","resourceType":"place\\u0073"} '),
    ("resources_get_resource", '{"id":"b","resourceType":"charts"}'),
    ("resources_list_resources", '{"resourceType":"charts"}'),
    ("resources_list_resources", '{"resourceType":["places"]}'),
    ("resources_list_resources", "[]"),
    ("resources_set_resource", '{"id":"spaced","resourceType":"places","value": { "a" : [ 1 , 2 ] } }'),
    (
        "resources_set_resource",
        '{"id":"exact","resourceType":"places","value":{"a":1e400,"b":0.10,"c":9007199254740993}}',
    ),
    ("resources_get_resource", '{"id":"exact","resourceType":"places"}'),
    ("resources_set_resource", '{"id":"c","resourceType":"charts","value":{}}'),
    *(
        asking("set_resource", id=id_, value={})
        for id_ in ("", "a b", "../x", "x" * 64, "x" * 65, "é", "a\n", None, 5, [])
    ),
    *(asking("set_resource", id="c", value=value) for value in (None, 5, "{}", [], [{}], True)),
    asking("set_resource", id="c"),
    asking("set_resource", id="large", value={"a": "x" * 8000}),
    asking("set_resource", id="large", value={"a": "é" * 3300}),
    asking("set_resource", id="more", value={"a": "é" * 3300}),
    asking("set_resource", id="b", value={"again": True}),
    asking("delete_resource", id="home"),
    asking("delete_resource", id="home"),
    asking("delete_resource", id="large"),
    asking("delete_resource", id="a b"),
    asking("delete_resource", id="b", value=5),
    asking("list_resources"),
)
ODD_CONFIGS = (
    *('{"limit": 3}', '{"limit":0}', '{"limit":1000.0009}', '{"limit":-0.0001}', '{"limit":1000.001}', '{"limit":-1}'),
    *(
        '{"limit":"5"}',
        '{"limit":null}',
        '{"limit":[]}',
        '{"limit":1e2}',
        '{"limit":1e999}',
        '{"every":1}',
        '{"every":2.0}',
    ),
    *(
        '{"every":2.0004}',
        '{"every":1.5}',
        '{"every":0}',
        '{"every":3600}',
        '{"every":3601}',
        '{"every":"1"}',
        '{"every":36e2}',
    ),
    *(
        '{"notify":false}',
        '{"notify":"false"}',
        '{"notify":0}',
        '{"notify":null}',
        '{"limit":"x","every":"x","notify":"x"}',
    ),
    *(
        '{"limit":1,"limit":2}',
        '{"l\\u0069mit":1}',
        '{"Limit":1}',
        '{"a":{"limit":1}}',
        '{"limit\\u0000":1}',
        '{"\\"limit":1}',
    ),
    *(
        "",
        " ",
        "{",
        "}",
        "{}}",
        "{,}",
        '{"a"}',
        '{"a":}',
        '{"a":1,}',
        "{'a':1}",
        '{"a":01}',
        '{"a":+1}',
        '{"a":NaN}',
        "[]",
    ),
    *(
        '["limit"]',
        "null",
        "5",
        '"{}"',
        '{"a":"\t"}',
        '{"a":"\\x"}',
        '{"a":"\\u12g4"}',
        '{"a":tru}',
        '{"a":nullx}',
        "\ufeff{}",
    ),
    *(
        '{"a":"é海🐬"}',
        ' \t\r\n{ "limit" : 2.5 , "x" : [ [ ] , { } ] } \n',
        "\f{}",
        '{"a":1}x',
        '{"a":1.}',
        '{"a":-}',
        '{"a":1e}',
    ),
    '{"a":' + "[" * 190 + "]" * 190 + "}",
)
ODD_FILES = (
    *(
        b"",
        b" ",
        b"{}",
        b"[]",
        b"5",
        b"null",
        b'{"starts":41}',
        b' { "starts" : 41.9 } \n',
        b'{"starts":"5"}',
        b'{"starts":-5}',
    ),
    *(
        b'{"starts":1e3}',
        b'{"starts":999999}',
        b'{"starts":1000000}',
        b'{"starts":1e99}',
        b'{"starts":7',
        b'{"starts":7}x',
    ),
    *(b'{"starts":7,"places":[]}', b'{"starts":7,"places":{"a":{}}}', b'{"starts":7,"places":{"a":{},"a":{"b":1}}}'),
    *(
        b'{"starts":7,"places":{"a":5}}',
        b'{"starts":7,"places":{"a b":{}}}',
        b'{"starts":7,"places":{"\\u0061":{"b":1}}}',
    ),
    *(
        b'{"places":{"a":{"b":[ 1, 2.50 ]} , "c":{}}}',
        '{"places":{"a":{"b":"é"}}}'.encode(),
        b'{"starts":7,"a":"\xff"}',
    ),
    *(b'{"starts":7,"a":"\xed\xa0\x80"}', b'{"starts":7,"a":"\xc0\xaf"}', b'{"starts":7,"a":"\xf4\x90\x80\x80"}'),
    *(
        b'{"starts":7,"a":"\xe2\x82"}',
        b'{"starts":7,"a":"\xf0\x9f\x90\xac"}',
        b"\0",
        b'{"starts":7}\0',
        b"\xff\xfe{\0}\0",
    ),
    *(b'{"starts":7}'.ljust(8192), b'{"starts":7}'.ljust(8193), b'{"starts":7}'.ljust(20000), b"\xef\xbb\xbf{}"),
)
ALARMS = (*speeds(4, 6.2, 7, 5, 5.0001, 5.001), *DEPTH, *speeds(3, 8, [9, 2], [2, 9], None, 9))

WATCHED = (*ALARMS, STATE)
LIVES = {
    "ordinary": Life((*STREAMS["ordinary"], 11, *STREAMS["ordinary"], 25, STATE), '{"every":7}'),
    "edge": Life((*STREAMS["edge"], STATE, 10)),
    "alarms": Life(WATCHED),
    "alarms that nobody wants": Life(WATCHED, '{"notify":false}'),
    "numbers": Life(
        (
            *speeds(
                0,
                -0.0,
                -1,
                -0.0004,
                1e-7,
                999999.999,
                1e6,
                1e308,
                5e-324,
                9007199254740993,
                0.1 + 0.2,
                2.9999999999999996,
            ),
            *speeds(True, "5", [5], {"value": 5}, None, [1.0015, 1.9985], 0.0005, 12.34, 1.1, 1.2),
            STATE,
        ),
        '{"every":1}',
    ),
    "depths": Life(tuple(step for depth in DEPTHS for step in (*speeds(4), *depth, *speeds(6)))),
    "without files": Life(WATCHED, capabilities={"storage": "none"}),
    "without the right to read data": Life((*ALARMS, 11), capabilities={"dataRead": False}),
    "with a folder where its file belongs": Life(WATCHED, folder=True),
    "with a file that cannot be made": Life(WATCHED, fails="create"),
    **{f"with a file that fails to {what}": Life(WATCHED, file=b'{"starts":3}', fails=what) for what in FAILURES},
}
"""What every twin does alike."""

ASKED = {
    "reports": Life((*speeds(1), 3, *speeds(2), 2, STATE, 7, *speeds(3), 3, *speeds(2), 9), '{"every":4}'),
    "reports and resets": Life(
        (*speeds(1, 2), 4, STATE, RESET, STATE, 4, *speeds(5, 6), 4, STATE, *speeds(7), RESET, 4), '{"every":4}'
    ),
    "puts": Life((*PUTS, *speeds(4), (PUT, "4.5"), *speeds(4.6), (PUT, "5"), *speeds(4.6), STATE)),
    "places": Life(PLACES, lives=3),
    "places that just fit": Life(
        tuple(asking("set_resource", id="a", value={"a": "x" * (FITS + n)}) for n in (0, 1, -1)), lives=1
    ),
    "places without files": Life(PLACES[:6], capabilities={"storage": "none"}),
    "places in a file that cannot be written": Life(PLACES[:6], file=b'{"starts":3,"places":{"b":{}}}', fails="write"),
    "without handlers": Life(ALARMS, capabilities={"putHandlers": False, "resourceProvider": False}),
    "without the right to write data": Life((*ALARMS, 11, *PUTS[:3]), capabilities={"dataWrite": False}),
}
"""What core modules do alike: a component is asked nothing, and cannot know its capabilities."""

ODD = {
    **{f"configuration {config}": Life((*speeds(2.7), 2, STATE), config, lives=1) for config in ODD_CONFIGS},
    **{
        f"file {file[:60]!r} of {len(file)}": Life((asking("list_resources"),), file=file, lives=1)
        for file in ODD_FILES
    },
}
"""Lives with one thing about them that is odd; all of them are one test, since they are many and short."""

EVERY_LIFE = {**LIVES, **ASKED, **ODD}
