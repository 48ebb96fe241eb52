"""The best trials of several experiments."""
