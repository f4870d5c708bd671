"""What Python code says about itself: facts by one pass of `ast`, names, imports and calls.

Shared by every gate that judges code. Facts are independent of the file's path and are cached by
blob id, so that a rename costs nothing and base and head are judged without a checkout.
"""
