"""What names of headers and methods of HTTP are made of."""

from __future__ import annotations

import re

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A token of RFC 9110, §5.6.2: the whole name has to match."""
