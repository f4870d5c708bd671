"""One file for each static rule of the integrity gate; a new file here is a new rule.

Those in `documents` and `suites` are asked only when the change holds what they look at.
"""
