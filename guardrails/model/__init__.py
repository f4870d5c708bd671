"""What Guardrails talks about: frozen nouns and the protocols that join the layers above.

Standard library only, no input or output, imports nothing of ours outside this folder.
"""
