"""Takes a finished experiment's flag out of the code and keeps the variant that won."""
