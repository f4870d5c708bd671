"""What clients rely on beside the messages: names, order, and what was announced."""
