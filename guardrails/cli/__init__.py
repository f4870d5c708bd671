"""The command line: a file a command, imported only when that command is used."""

from guardrails.cli.frame import image

# Before anything else of the package is imported, for all of it can come from there.
image.use()
