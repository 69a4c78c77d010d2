"""`wasi:http` for plugins that ask: the client's half, over whatever answers fetches (contract §18)."""

from refhost.wasi.preview2.http.bodies import Room
from refhost.wasi.preview2.http.fields import FieldsFunctions
from refhost.wasi.preview2.http.requests import RequestFunctions
from refhost.wasi.preview2.http.responses import ResponseFunctions

__all__ = ["FieldsFunctions", "RequestFunctions", "ResponseFunctions", "Room"]
