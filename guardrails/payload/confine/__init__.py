"""The keeper of a box: starts one program, confined by one of the rungs, and answers for its end.

It runs in our own interpreter at the border of the box, with the standard library alone, and what
it imports is paid for by every boxed start.
"""
