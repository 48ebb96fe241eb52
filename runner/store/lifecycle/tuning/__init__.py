"""Writes of searches: what is added to an experiment."""
