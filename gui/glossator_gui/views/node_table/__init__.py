"""The nodes of a graph as a table."""
