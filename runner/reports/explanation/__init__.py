"""Explanations: of one experiment, of two, of all."""
