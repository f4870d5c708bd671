"""Rules that compare tests; asked only when a changed file is a test or may hold one."""
