"""The command line: a file a command, imported only when that command is used."""

import gc

from guardrails.cli.frame import image

COLLECT_EVERY = 50_000  # new objects
# Most runs end before a collection finds anything. With the usual 700, imports alone cost a hook a dozen of them,
# and each walks all that was imported.
gc.set_threshold(COLLECT_EVERY)
# Before anything else of the package is imported, for all of it can come from there.
image.use()
