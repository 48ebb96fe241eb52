"""The pictures of a report, drawn from its document and from arrays in the store.

matplotlib takes a second to import: only what draws imports it.
"""
