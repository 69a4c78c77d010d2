"""The networks that plugins' sockets can be on: one in memory, and one of real sockets (contract §17)."""
