"""The results database and the code around it."""
