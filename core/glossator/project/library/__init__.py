"""The labels that a user accepted, over all projects."""
