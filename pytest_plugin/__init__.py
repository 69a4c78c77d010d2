"""The door for plugin authors: `pytest --wasm-plugin=x.wasm`, and fixtures for tests of their own."""
