"""The file tree that a plugin sees as `/` (contract §8)."""

from refhost.wasi.vfs.directory import Directory, Entry
from refhost.wasi.vfs.file import File
from refhost.wasi.vfs.journal import Operation
from refhost.wasi.vfs.quota import Limits
from refhost.wasi.vfs.tree import Kind, Stat
from refhost.wasi.vfs.vfs import Usage, Vfs

__all__ = ["Directory", "Entry", "File", "Kind", "Limits", "Operation", "Stat", "Usage", "Vfs"]
