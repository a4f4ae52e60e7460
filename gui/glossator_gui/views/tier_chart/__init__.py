"""Tiers by layer, and what another threshold would make of them."""
