"""The paper regenerated: what has to be trained for it, and a report beside its own values."""
