"""What rules know of other people's libraries: routes, models, telemetry, flags."""
