"""The batches of an epoch: which images they have, and how these are changed."""
