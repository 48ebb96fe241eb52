"""Statistics of scores and explanations, from numbers alone."""
