"""Scripts that run in the project's own interpreter, inside the box.

They may use the standard library of Python 3.9 and nothing of ours; whatever they report was
said in a process that head's code shares, so the harness reads it as hostile input.
"""
