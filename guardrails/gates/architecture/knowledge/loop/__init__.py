"""What must not run on the event loop: calls that wait, and calls that compute."""
