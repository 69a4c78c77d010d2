"""How fast things are: programs to run by hand. No test has a time in it."""
