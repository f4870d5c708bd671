"""Mends what rules find, where a rewrite is known."""
