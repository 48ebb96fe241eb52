"""Bundles: one trial as a directory that plain Keras and another store can read."""
