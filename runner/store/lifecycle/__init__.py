"""All that is written to the store while jobs live."""
