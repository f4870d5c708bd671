"""Differential replay: the same requests to base and to head, and what they answer differently."""
