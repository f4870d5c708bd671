"""What listeners did, kept: durable before it is acknowledged, and each event once."""
