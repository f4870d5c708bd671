"""Base's tests on head's code: the strongest single check against tampering with tests."""
