"""What stands around every command: the parser of its options, and what is said when we break."""
