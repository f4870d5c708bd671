"""Rewrites with libcst, one file a rule: comments and layout stay as they are."""
