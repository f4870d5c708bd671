"""What is wrong with an OpenAPI document by itself, one table of rules a family."""
