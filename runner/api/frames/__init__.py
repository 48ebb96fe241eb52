"""Data frames of what is stored; their columns are named as the fields of the reports' JSON."""
