"""Reports of a run: as JSON, as one page, as a summary in Markdown and as a badge. Nothing here knows of pytest."""
