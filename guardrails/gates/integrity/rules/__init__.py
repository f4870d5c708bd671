"""One file for each static rule of the integrity gate; a new file here is a new rule."""
