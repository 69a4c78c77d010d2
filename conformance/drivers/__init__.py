"""How the suite talks to a host: one interface, one driver for each host."""
