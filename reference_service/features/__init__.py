"""What is known of items and listeners, behind one port, and the one definition of each feature."""
