"""Statistics of scores and explanations. These modules do not read the store."""
