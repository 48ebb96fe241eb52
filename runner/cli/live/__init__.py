"""The live view of an experiment under way: what is read, how it is laid out and painted."""
