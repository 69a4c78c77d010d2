"""A plugin of pytest that sets Python's clock at each look at it, by the seconds of the environment variable `STEP`."""

import os
import time
from itertools import count

_DATE = count(1.8e9, float(os.environ.get("STEP", "0")))
if "STEP" in os.environ:
    time.time = lambda: next(_DATE)
    time.time_ns = lambda: int(next(_DATE) * 1e9)
