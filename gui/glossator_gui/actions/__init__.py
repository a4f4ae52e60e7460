"""Everything that a person can do in the window, as one table."""
