"""Rules about files other than Python code; asked only when such a file changes."""
