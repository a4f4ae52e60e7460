"""The attribution graph in memory, and the file it is read from."""
