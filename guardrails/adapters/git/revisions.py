"""Names of commits, turned into ids without ever being mistaken for options or for one another."""

import re
from collections.abc import Sequence

from guardrails.adapters.git.process import said
from guardrails.adapters.git.repository import Repository
from guardrails.model.change import Revision
from guardrails.model.errors import CannotJudge, UsageError

_FULL_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NAME_END = re.compile(r"[\^~:@]")
_NAMESPACES = ("refs/heads/", "refs/tags/", "refs/remotes/")
_NO_COMMON_COMMIT = 1


def resolve(repository: Repository, name: str) -> Revision:
    """Return the commit that `name` stands for, and its tree; raises UsageError when it is not exactly one."""
    if not name or not name.isprintable():
        raise UsageError(f"{name!a} cannot name a commit; `git log --oneline --all` lists what can")
    candidates = [f"{name}^{{commit}}", *(f"{full}^{{commit}}" for full in _namesakes(name))]
    first, *others = repository.objects.resolve(candidates)
    if first is None:
        raise UsageError(f"{name!r} names no commit here; {_remedy(repository)}")
    _refuse_ambiguity(repository, name, [found.id for found in others if found is not None])
    return revision_of(repository, name, first.id)


def resolve_first(repository: Repository, names: Sequence[str]) -> Revision | None:
    """Return the commit of the first of the full names that exists, else None."""
    found = repository.objects.resolve([f"{name}^{{commit}}" for name in names])
    for name, info in zip(names, found, strict=True):
        if info is not None:
            return revision_of(repository, name, info.id)
    return None


def current(repository: Repository) -> Revision | None:
    """Return the commit of HEAD, None on an unborn branch; raises CannotJudge when HEAD is broken.

    A broken HEAD must not pass for an unborn one, where nothing counts as removed.
    """
    found = resolve_first(repository, ["HEAD"])
    if found is not None:
        return found
    branch = repository.own.run("symbolic-ref", "-q", "HEAD")
    name = branch.stdout.decode("utf-8", "surrogateescape").strip()
    named = repository.own.run("rev-parse", "--verify", "-q", "--end-of-options", name or "HEAD")
    if branch.exit_code != 0 or named.exit_code == 0 or (repository.layout.common_dir / name).exists():
        raise CannotJudge(
            f"HEAD ({name or 'detached'}) names a commit that cannot be read; run `git fsck`, or clone afresh"
        )
    return None


def revision_of(repository: Repository, name: str, commit: str) -> Revision:
    """Return a commit with its tree, read from the commit's checked content."""
    content = repository.objects.read([commit], "commit")[0]
    tree = content.partition(b"\n")[0].removeprefix(b"tree ").decode("ascii", "replace")
    if not _FULL_ID.fullmatch(tree):
        raise CannotJudge(f"commit {commit} names no tree; run `git fsck`, or clone afresh")
    return Revision(name, tree, commit)


def merge_base(repository: Repository, one: str, other: str) -> str | None:
    """Return the best common ancestor of two commits, None when there is none in what was fetched."""
    if one == other:
        return one
    done = repository.plain.run("merge-base", "--end-of-options", one, other)
    if done.exit_code == _NO_COMMON_COMMIT:
        return None
    if done.exit_code != 0:
        raise CannotJudge(f"git merge-base failed: {said(done.stderr)}; run `git fsck`, or clone afresh")
    return done.stdout.decode("ascii").split()[0]


def _namesakes(name: str) -> list[str]:
    """Return the full names of every branch and tag that `name` could be short for."""
    bare = _NAME_END.split(name)[0]
    if not bare or bare.startswith("refs/") or _FULL_ID.fullmatch(bare):
        return []
    return [bare, *(space + bare for space in _NAMESPACES)]


def _refuse_ambiguity(repository: Repository, name: str, commits: Sequence[str]) -> None:
    """Raise UsageError when a tag or branch of the same name is another commit: git would pick silently."""
    if len(set(commits)) <= 1:
        return
    spaces = _namesakes(name)[1:]
    found = repository.objects.resolve([f"{full}^{{commit}}" for full in spaces])
    known = [full for full, info in zip(spaces, found, strict=True) if info is not None]
    raise UsageError(f"{name!r} is ambiguous; write one of {', '.join(known)} in full")


def _remedy(repository: Repository) -> str:
    if repository.is_shallow:
        return "this clone is shallow, so fetch it first (`git fetch --unshallow`)"
    return "`git branch --all` and `git tag` list what there is"
