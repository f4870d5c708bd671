"""How a ranking request is read from its bytes, fast and never more loosely than by its model."""
