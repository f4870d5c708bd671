"""Stored requests that several gates replay."""
