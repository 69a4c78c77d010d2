"""The reference host for Signal K WebAssembly plugins."""
