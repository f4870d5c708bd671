"""Where a changed file stood in base, so that a renamed file's old faults stay old."""

from collections.abc import Mapping

from guardrails.model.change import Change, ChangeKind


def origins_of(change: Change) -> Mapping[str, str]:
    """Return, by head's path, where a file stood in base: the same path, or a removed one with its blob."""
    removed = {one.old.blob: one.path for one in change.files if one.old and one.kind is ChangeKind.REMOVED}
    found = {}
    for one in change.files:
        if one.new is None:
            continue
        if one.old is not None:
            found[one.path] = one.path
        elif one.new.blob in removed:
            found[one.path] = removed[one.new.blob]
    return found
