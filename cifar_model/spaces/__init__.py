"""Spaces: what a search may give each parameter, and the files that say it."""
