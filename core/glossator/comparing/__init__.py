"""Labelling methods held against one another: drawn, planned, labelled, scored."""
