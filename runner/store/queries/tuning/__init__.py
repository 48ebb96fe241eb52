"""Queries of searches and races."""
