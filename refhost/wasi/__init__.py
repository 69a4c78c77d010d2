"""WASI in Python over the plugin's own file tree (contract §5)."""
