"""Explanations of a prediction: which parts of a picture speak for a class, and is that so."""
