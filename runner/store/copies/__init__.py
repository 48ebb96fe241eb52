"""Experiments as plain rows: read from one store, and written to another."""
