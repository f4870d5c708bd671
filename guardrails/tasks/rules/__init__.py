"""What a team does with its own rules besides being judged by them."""
