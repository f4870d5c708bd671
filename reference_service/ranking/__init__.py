"""Ranking as a pure function: candidates, facts, features, context and clock in; ordered items out.

Nothing here reads a clock, draws a random number, does I/O or knows of HTTP, and nothing here imports the
rest of the service. That is what makes an answer explainable, replayable and testable by properties.
"""
