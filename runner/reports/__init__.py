"""Reports: one document per experiment, and the forms in which people and programs read it."""
