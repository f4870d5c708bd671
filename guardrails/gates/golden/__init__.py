"""What listeners see: stored scenarios answered by base and by head, and what moved between them."""
