"""Glossator's library: label attribution graphs without a window."""

__version__ = "0.1.0"
