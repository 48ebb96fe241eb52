"""The formats in which a report can be written."""
