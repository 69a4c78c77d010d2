"""The reference host behind the protocol, which never comes back from one request: `python hanging_host.py METHOD`."""

import signal
import sys

from conformance.drivers import serve, serving

if __name__ == "__main__":
    setattr(serving.Served, f"_{sys.argv.pop(1)}", lambda *_, **__: signal.pause())
    serve.main()
