"""`runner check`: whether a network or a trainer keeps what is promised of every trial."""
