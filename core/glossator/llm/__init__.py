"""Language models that write: labels for features."""
