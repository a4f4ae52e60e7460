"""The queue of features to review: what waits, and how far the work is."""
