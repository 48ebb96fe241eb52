"""Comparisons of two trials or of two k-fold cross-validations."""
