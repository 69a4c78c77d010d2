"""WASI 0.2 for components (contract §5), over the same VFS as preview 1."""

from refhost.wasi.preview2.host import Preview2

__all__ = ["Preview2"]
