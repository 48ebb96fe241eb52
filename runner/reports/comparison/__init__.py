"""Two trials or two k-folds compared."""
