"""Keeps what rules found in a tree, with what they read, so that an edit costs what it touches."""
