"""Where models come from: a log with known truth, a trainer, and the export of what it learned.

Runs in an environment of its own (`training.lock`): what trains is many times larger than what serves.
"""
