"""Labelling methods; one file a method."""
