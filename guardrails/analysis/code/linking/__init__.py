"""From names to what they mean across the files of a tree."""
