"""The attribution graph: tokens from left to right, layers from bottom to top."""
