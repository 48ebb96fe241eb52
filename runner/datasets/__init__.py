"""What this machine keeps of data sets, so that large ones are read once."""
