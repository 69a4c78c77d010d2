"""`python -m corpus.streams`."""

import sys

from corpus.streams.recording import main

sys.exit(main())
