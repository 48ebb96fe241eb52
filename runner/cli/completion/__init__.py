"""Completion in shells: the script that they load, and the values that are offered."""
