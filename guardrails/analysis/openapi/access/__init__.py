"""How an operation is reached: addresses and credentials."""
