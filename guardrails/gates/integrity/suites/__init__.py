"""What tests insist on, and how the tests of base and head belong together."""
