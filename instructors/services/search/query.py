"""The whole state of a search, as a value: what the address of a results page says."""
