"""Label scores: how well labels tell held-out examples from other texts."""
