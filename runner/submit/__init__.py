"""New experiments, checked and stored."""
