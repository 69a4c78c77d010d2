"""The checks, one module per group. A check is a function that raises when its requirement does not hold."""
