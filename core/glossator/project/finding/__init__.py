"""Nodes by what is said of them."""
