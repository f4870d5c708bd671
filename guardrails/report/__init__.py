"""Verdict to text: one file a format, each found in this folder by the `FORMAT` it exports.

A format decides how things look, never what is so: outcome, order, ids and counts are the same
in all of them and come from `content/`.
"""
