"""What an OpenAPI document promises, and whether another still keeps it; pure, no network, no files."""
