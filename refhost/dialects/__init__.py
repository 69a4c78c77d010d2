"""How a plugin's calls and strings cross the boundary, one module per dialect (contract §2)."""
