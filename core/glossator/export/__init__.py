"""Annotated graphs as files of other tools; one file a target."""
