"""`runner doctor`: look for what would break the promise that nothing is lost or doubled."""
