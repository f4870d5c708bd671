"""Starts a service described in policy inside the box, talks to it, and stops it."""
