"""Scripts: requests in an order that gives them something to work on, made once and played many times."""
