"""Files as they stand on the disk: a tree without git objects, its contents known by stat."""
