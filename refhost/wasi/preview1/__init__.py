"""WASI preview 1 (`wasi_snapshot_preview1`) for core modules (contract §5)."""

from refhost.wasi.preview1.errno import Errno
from refhost.wasi.preview1.functions import FUNCTIONS, MODULE, WasiFunction
from refhost.wasi.preview1.host import Preview1

__all__ = ["FUNCTIONS", "MODULE", "Errno", "Preview1", "WasiFunction"]
