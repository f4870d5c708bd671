"""The four ways in which a change reaches us, each opened as two trees and what judges them."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from guardrails.adapters.git.difference import files_between
from guardrails.adapters.git.index import staged_tree
from guardrails.adapters.git.repository import Repository
from guardrails.adapters.git.revisions import current, merge_base, resolve, resolve_first, revision_of
from guardrails.adapters.git.tree import GitTree
from guardrails.model.change import Change, Revision
from guardrails.model.errors import UsageError
from guardrails.model.frozen import frozen, replace


@frozen
class Commits:
    """Two refs: base's tip and the result of merging head into it; without `base`, head's whole tree."""

    base: str | None
    head: str = "HEAD"


@frozen
class Branch:
    """What a branch adds to its target: its commits, else, on the target itself, the work tree.

    `head` is HEAD unless named. Without any target branch the whole tree of head is judged.
    """

    head: str | None = None


@frozen
class Staged:
    """What is in the index, against HEAD; `target` is the branch it is meant for, else the usual ones."""

    target: str = ""


@frozen
class WorkTree:
    """What is in the work tree, tracked or new and not ignored, against HEAD."""

    target: str = ""


@frozen
class Patch:
    """A patch, applied to a ref."""

    data: bytes
    base: str = "HEAD"


# Where the configured target does not exist: a commit on a branch must not loosen what judges the next one.
_USUAL_TARGETS = (
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
)

Source = Commits | Branch | Staged | WorkTree | Patch


@frozen
class Opened:
    """A change and its trees, readable until it is closed."""

    change: Change
    base: GitTree
    head: GitTree
    policy: GitTree
    repository: Repository

    def close(self) -> None:
        """Remove all that was made to open the change; safe to call twice."""
        self.repository.close()

    def __enter__(self) -> "Opened":
        """Return the opened change."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


@frozen
class _Ends:
    """The revisions of a change before its files are known."""

    base: Revision
    head: Revision
    policy: Revision
    chosen_by: str
    whole_tree: bool = False


def open_change(
    path: Path, source: Source, *, task: str | None = None, caller: Mapping[str, str] | None = None
) -> Opened:
    """Open the change that `source` describes in the repository that holds `path`; the caller closes it.

    Raises UsageError for what cannot be read as asked and CannotJudge for what git cannot tell.
    """
    repository = Repository(path, os.environ if caller is None else caller)
    try:
        return _opened(repository, _ends(repository, source), task)
    except BaseException:
        repository.close()
        raise


def _opened(repository: Repository, ends: _Ends, task: str | None) -> Opened:
    base, head = repository.tree(ends.base.tree), repository.tree(ends.head.tree)
    change = Change(
        base=ends.base,
        head=ends.head,
        policy_base=ends.policy,
        files=files_between(base, head),
        chosen_by=ends.chosen_by,
        task=task,
        whole_tree=ends.whole_tree,
    )
    return Opened(change, base, head, repository.tree(ends.policy.tree), repository)


def _ends(repository: Repository, source: Source) -> _Ends:
    match source:
        case Commits(base, head):
            return _commits(repository, base, head)
        case Branch(head):
            return _branch(repository, head)
        case Staged(target):
            return _local(repository, target, "index", staged_tree)
        case WorkTree(target):
            return _local(repository, target, "work tree", _work_tree)
        case Patch(data, base):
            return _patch(repository, data, base)


def _commits(repository: Repository, base: str | None, head: str) -> _Ends:
    after = resolve(repository, head)
    if base is None:
        nothing = _nothing(repository)
        return _Ends(nothing, after, nothing, "the caller named a head and no base", whole_tree=True)
    before = resolve(repository, base)
    result = Revision(after.name, _merged(repository, before, after), after.commit)
    return _Ends(before, result, before, "the caller named base and head")


def _branch(repository: Repository, head: str | None) -> _Ends:
    after = resolve(repository, head) if head else current(repository)
    if after is None:
        unborn = _local(repository, "", "work tree", _work_tree)
        if unborn.head.tree == unborn.base.tree:
            raise UsageError(
                "nothing to judge: there is no commit yet, and no file in the work tree; add one"
            )
        return unborn
    target = resolve_first(repository, _USUAL_TARGETS)
    if target is None:
        nothing = _nothing(repository)
        return _Ends(nothing, after, nothing, "nobody; there is no target branch", whole_tree=True)
    if target.commit != after.commit:
        result = Revision(after.name, _merged(repository, target, after), after.commit)
        return _Ends(target, result, target, f"the usual target branch and {after.name}")
    ends = None if head else _local(repository, "", "work tree", _work_tree)
    if ends is None or ends.head.tree == ends.base.tree:
        since = "" if head else ", with nothing changed since"
        raise UsageError(
            f"nothing to judge: {after.name} is the tip of {target.name}{since}; {_start(repository, after)}"
        )
    return ends


def _start(repository: Repository, after: Revision) -> str:
    """Return what the caller can do where the target has all of `after`."""
    if resolve_first(repository, [f"{after.commit}~1"]) is None:
        return "it has no commit before it here, so make a change first; a file in the work tree is enough"
    return f"name what the change starts from, as in --base {after.name}~1"


def _local(repository: Repository, target: str, name: str, written: Callable[[Repository], str]) -> _Ends:
    repository.work_tree()
    commit = current(repository)
    head = Revision(name, written(repository))
    base = commit or _nothing(repository)
    policy = _target(repository, target, commit) or base
    return _Ends(base, head, policy, _chosen_by(name, policy), whole_tree=commit is None)


def retargeted(opened: Opened, target: str) -> Opened:
    """Return a staged or work tree change judged by the policy of another target branch, nothing reread."""
    head = opened.change.base if opened.change.base.commit else None
    policy = _target(opened.repository, target, head) or head or opened.change.policy_base
    change = replace(opened.change, policy_base=policy, chosen_by=_chosen_by(opened.change.head.name, policy))
    return replace(opened, change=change, policy=opened.repository.tree(policy.tree))


def _target(repository: Repository, target: str, ours: Revision | None) -> Revision | None:
    """Return the commit where HEAD left the target branch; the target's tip where they share no history."""
    spaces = ("",) if target.startswith("refs/") else ("refs/remotes/origin/", "refs/heads/")
    named = [f"{space}{target}" for space in spaces] if target else []
    tip = resolve_first(repository, [*named, *_USUAL_TARGETS])
    if tip is None or tip.commit is None or ours is None or ours.commit is None:
        return tip
    fork = merge_base(repository, ours.commit, tip.commit)
    return tip if fork is None else revision_of(repository, f"merge base with {tip.name}", fork)


def _chosen_by(name: str, policy: Revision) -> str:
    return f"HEAD and the {name}; policy from {policy.name}"


def _merged(repository: Repository, base: Revision, head: Revision) -> str:
    # Of all inputs, what is staged is judged most often, so it does not pay for the others.
    from guardrails.adapters.git.merge import merged_tree  # noqa: PLC0415

    return merged_tree(repository, base, head)


def _work_tree(repository: Repository) -> str:
    from guardrails.adapters.git.worktree import work_tree  # noqa: PLC0415 - as above

    return work_tree(repository)


def _patch(repository: Repository, data: bytes, base: str) -> _Ends:
    from guardrails.adapters.git.apply import patched_tree  # noqa: PLC0415 - as above

    if not data.strip():
        raise UsageError("the patch is empty, so there is nothing to judge")
    before = resolve(repository, base)
    after = Revision("patch", patched_tree(repository, before, data))
    return _Ends(before, after, before, "the caller named base and patch")


def _nothing(repository: Repository) -> Revision:
    return Revision("nothing", repository.objects.empty_tree)
