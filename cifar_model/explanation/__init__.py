"""Explanations of a prediction: which parts of an image speak for a class, and is that so."""
