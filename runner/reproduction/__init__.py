"""Reproduction of the paper: its experiments, and a report that compares our values with it."""
