"""Where listeners are read from: SQLite in this process, or Redis; and what guards the service from both."""
