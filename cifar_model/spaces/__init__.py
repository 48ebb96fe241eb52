"""Spaces: what a search may give each parameter, the files that say it, and which points go on."""
