"""Who relies on what: consumer files and pacts, and whether a difference touches them."""
