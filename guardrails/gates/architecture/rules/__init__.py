"""One file a rule. The catalog finds them by their names (`gr1NN_name.py`); nothing lists them."""
