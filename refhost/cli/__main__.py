"""`python -m refhost.cli`."""

from refhost.cli import main

main(prog_name="refhost")
