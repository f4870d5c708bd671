"""The result of merging head into base: the tree that would stand on the target branch."""

import os

from guardrails.adapters.git.index import shown
from guardrails.adapters.git.process import said
from guardrails.adapters.git.repository import Repository
from guardrails.adapters.git.revisions import merge_base
from guardrails.model.change import Revision
from guardrails.model.errors import CannotJudge

_CONFLICT = 1


def merged_tree(repository: Repository, base: Revision, head: Revision) -> str:
    """Return the id of the merge result's tree, made in the scratch repository.

    Raises CannotJudge for a conflict, for histories without a common commit, and for a clone
    too shallow to tell.
    """
    if base.commit is None or head.commit is None or base.commit == head.commit:
        return head.tree
    fork = merge_base(repository, base.commit, head.commit)
    if fork is None:
        raise _unrelated(repository, base, head)
    if fork == base.commit:
        return head.tree
    done = repository.plain.run(
        "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", base.commit, head.commit
    )
    tree, *conflicts = done.stdout.split(b"\0")
    if done.exit_code == _CONFLICT:
        names = shown(os.fsdecode(name) for name in conflicts if name)
        raise CannotJudge(
            f"{head.name!r} does not merge into {base.name!r}: {names} in conflict; merge or rebase, then retry"
        )
    if done.exit_code != 0:
        raise CannotJudge(f"{head.name!r} cannot be merged into {base.name!r}: {said(done.stderr)}")
    return tree.decode("ascii").strip()


def _unrelated(repository: Repository, base: Revision, head: Revision) -> CannotJudge:
    if repository.is_shallow:
        return CannotJudge(
            f"this clone is too shallow to know where {head.name!r} left {base.name!r};"
            " run `git fetch --unshallow` (on GitHub: `fetch-depth: 0`)"
        )
    return CannotJudge(f"{head.name!r} and {base.name!r} share no history, so there is no merge to judge")
