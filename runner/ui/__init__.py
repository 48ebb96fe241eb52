"""The live page: a local web server over the store."""
