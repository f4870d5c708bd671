"""The world outside: git, boxes, environments, services, policy files and clocks."""
