"""Reports of explanations: of one experiment, of two, and of all experiments."""
