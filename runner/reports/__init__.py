"""Reports: one document per experiment, and the formats in which it is written."""
