"""The user's side: the command line, the results store, the queue and the reports."""
