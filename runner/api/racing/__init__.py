"""Races of the best trials of an experiment."""
