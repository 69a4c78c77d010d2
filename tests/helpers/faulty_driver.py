"""A driver of the protocol that is honest but for one thing: `python faulty_driver.py FAULT [ARGUMENT]`.

Its host is a sham: it takes every plugin, says that it runs, and answers no delta. It needs nothing but Python.
"""

import json
import os
import subprocess
import sys
import threading
import time

HELLO = {"protocol": 1, "host": "sham", "version": "1.0", "features": ["dialect-buffer", "reset"]}

NOW = {"state": "stopped"}


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def complain(text):
    sys.stderr.write(text)
    sys.stderr.flush()


def for_ever():
    while True:
        time.sleep(60)


def standing(state):
    return {"plugin": "sham", "state": state}


def answer(method, params):
    if method == "hello":
        return HELLO
    if method == "load":
        return {**standing("stopped"), "name": "Smoke", "schema_text": '{"type":"object"}'}
    if method in {"start", "stop"}:
        NOW["state"] = "running" if method == "start" else "stopped"
    return standing(NOW["state"]) if method in {"start", "stop", "state"} else {}


def at_hello(fault, number):
    if fault == "silent":
        for_ever()
    elif fault == "exits":
        complain("there is no database\n")
        sys.exit(3)
    elif fault == "version":
        say({"id": number, "result": {**HELLO, "protocol": 2, "clock": "new"}})
    elif fault == "refuses":
        say({"id": number, "error": {"code": "host", "message": "not today"}})
    elif fault == "feature":
        say({"id": number, "result": {**HELLO, "features": ["telepathy"]}})


def write(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def child(name):
    """A process of its own, that holds the pipe of this name open as long as it lives."""
    subprocess.Popen(["/bin/sh", "-c", 'exec 3>"$0"; while :; do sleep 60; done', name])


def crash():
    complain("all is well\n" * 20_000)
    complain("thread 'main' panicked at \x1b[31mhost.rs\n")
    os.abort()


def flood(text):
    while True:
        sys.stdout.write(text)


# The reply to `start`, if that is the first request.
STARTED = {"id": 1, "result": standing("running")}
# What it says in the place of it.
LINES = {
    "id": {**STARTED, "id": 2},
    "shape": {**STARTED, "result": standing("runing")},
    "extra": {**STARTED, "result": {**standing("running"), "mood": "good"}},
    "list": [STARTED],
    "event": {"event": "weather", "text": "rain"},
    "event shape": {"event": "status", "plugin": "sham"},
    "base64": {"event": "stream", "stream": "plugins/sham/x", "data_b64": "A"},
    "unsupported": {"id": 1, "error": {"code": "unsupported", "message": "nothing is ever started here"}},
}
# What it does instead.
DEEDS = {
    "hangs": lambda _: complain("waiting for the start to end\n"),
    "child": child,
    "rubbish": lambda _: (write("Listening on port 3000\n"), say(STARTED)),
    "bytes": lambda _: sys.stdout.buffer.write(b"\xff\xfe\x1b[31m\n"),
    "deep": lambda _: write("[" * 200_000 + "\n"),
    "crash": lambda _: crash(),
    "ends": lambda _: sys.exit(0),
    "closes": lambda _: os.close(1),
    "half": lambda _: (write(json.dumps(STARTED)[:20]), sys.exit(0)),
    "endless line": lambda _: flood("x" * 65536),
    "endless events": lambda _: flood('{"event":"status","plugin":"sham","text":"busy"}\n' * 100),
}


def at_start(fault, number, argument):
    """Whether it has done something else than to reply."""
    if fault in LINES:
        line = LINES[fault]
        say({**line, "id": line["id"] + number - 1} if "id" in line else line)
    elif fault in DEEDS:
        DEEDS[fault](argument)
        if fault != "closes":
            sys.stdout.flush()
        for_ever()
    return fault in LINES


def tick():
    """A clock of its own: from the start on, a status every few milliseconds."""
    for number in range(1_000_000):
        say({"event": "status", "plugin": "sham", "text": str(number)})
        time.sleep(0.005)


# What it does once it has replied to `start`.
AFTERWARDS = {
    "deaf": for_ever,
    "twice": lambda: say(STARTED),
    "ticks": lambda: threading.Thread(target=tick, daemon=True).start(),
    "mutters": lambda: write("tick\n"),
    "dies": crash,
    "floods": lambda: flood("x" * 65536),
}


def between(fault):
    """What an honest driver may do, too."""
    if fault == "stderr":
        complain("all is well\n" * 1_000_000)
    elif fault == "pieces":
        for character in '{"event":"status","plugin":"sham","text":"\\u00e9"}\n':
            sys.stdout.write(character)
            sys.stdout.flush()


def main(fault, argument=""):
    for line in sys.stdin:
        request = json.loads(line)
        number, method = request["id"], request["method"]
        if method == "hello":
            at_hello(fault, number)
        elif method == "start" and at_start(fault, number, argument):
            continue
        elif method == "reset" and fault == "reset":
            crash()
        between(fault)
        say({"id": number, "result": answer(method, request["params"])})
        if method == "start" and fault in AFTERWARDS:
            AFTERWARDS[fault]()
        if method == "shutdown":
            if fault == "stays":
                for_ever()
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
