"""A change: two git trees and the files that differ between them.

Trees are named by object id, so a Change is a value: the same two trees give the same digest
on every machine, however the change reached us (commits, index, work tree or a patch).
"""

from enum import StrEnum
from functools import cached_property

from guardrails.model.digest import sha256
from guardrails.model.frozen import frozen


class Stage(StrEnum):
    """When a change is judged."""

    COMMIT = "commit"
    MERGE = "merge"
    ROLLOUT = "rollout"


class Mode(StrEnum):
    """What git says an entry of a tree is."""

    FILE = "100644"
    EXECUTABLE = "100755"
    SYMLINK = "120000"
    SUBMODULE = "160000"


@frozen
class Entry:
    """One path of a tree: its mode and the id of its blob (of its commit, for a submodule)."""

    mode: Mode
    blob: str


class ChangeKind(StrEnum):
    """How one path differs between base and head."""

    ADDED = "added"
    REMOVED = "removed"
    MODIFIED = "modified"
    MODE = "mode"


@frozen
class FileChange:
    """One path that differs; `path` is decoded with surrogateescape, so any bytes survive."""

    path: str
    old: Entry | None
    new: Entry | None

    def __post_init__(self) -> None:
        if self.old is None and self.new is None:
            raise ValueError(f"{self.path!r} is in neither tree")

    @property
    def kind(self) -> ChangeKind:
        """Whether the path was added, removed, modified, or only changed its mode."""
        if self.old is None:
            return ChangeKind.ADDED
        if self.new is None:
            return ChangeKind.REMOVED
        return ChangeKind.MODE if self.old.blob == self.new.blob else ChangeKind.MODIFIED


@frozen
class Revision:
    """A tree, the commit it came from where there is one, and how the user named it."""

    name: str
    tree: str
    commit: str | None = None


@frozen
class Change:
    """What is judged: base to head, the files that differ, and the task it claims to do.

    `policy_base` is the revision whose `policies/` judges; it differs from `base` only for a
    staged change, where it is the merge-base with the target branch. `chosen_by` tells who
    chose the two ids. `whole_tree` is set when no base exists, so everything counts as new.
    """

    base: Revision
    head: Revision
    policy_base: Revision
    files: tuple[FileChange, ...]
    chosen_by: str
    task: str | None = None
    whole_tree: bool = False

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the sorted (path, old blob, new blob) triples, hex; approvals bind to it."""
        total = sha256()
        for file in sorted(self.files, key=lambda one: one.path):
            for part in (file.path, _identity(file.old), _identity(file.new)):
                total.update(part.encode("utf-8", "surrogatepass") + b"\0")
        return total.hexdigest()


def _identity(entry: Entry | None) -> str:
    return "-" if entry is None else f"{entry.mode.value} {entry.blob}"
