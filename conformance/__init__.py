"""Requirements, checks and the judge: what is expected of a plugin, and whether it holds."""
