"""The language model itself, and what stands in for its MLPs."""
