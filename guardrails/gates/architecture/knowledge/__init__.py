"""What rules know of other people's libraries: who serves requests, what leaves the process, what
burns CPU, models, telemetry, flags.

A library is described once here and every rule reads it, so that supporting another one is an
entry in a table and not an edit of each rule.
"""
