"""Commands that serve pages to a browser."""
