"""The index as a tree: exactly what a commit made now would hold."""

import os
from collections.abc import Iterable
from pathlib import Path

from guardrails.adapters.git.process import said
from guardrails.adapters.git.repository import Repository
from guardrails.adapters.scratch import room_in
from guardrails.model.errors import CannotJudge, UsageError

_SHOWN = 5


def staged_tree(repository: Repository) -> str:
    """Return the id of the index's tree, written to the scratch repository from a copy of the index."""
    copy_index(repository)
    return written_tree(repository)


def copy_index(repository: Repository) -> None:
    """Put a copy of the index (of the running hook's index) where the scratch repository has its own."""
    source = _index_path(repository)
    if not source.exists():
        repository.plain.output("read-tree", "--empty")
        return
    if not source.is_file() or not os.access(source, os.R_OK):
        raise CannotJudge(
            f"the index {str(source)!r} is no file that can be read; restore it with `git reset`"
        )
    with room_in(repository.scratch.path):
        for shared in source.parent.glob("sharedindex.*"):
            (repository.scratch.git_dir / shared.name).symlink_to(shared)
        written = source.stat().st_mtime_ns
        repository.scratch.index.write_bytes(source.read_bytes())
        # A file that was edited right after it was staged looks as staged, save that it is as new as the index.
        os.utime(repository.scratch.index, ns=(written, written))


def written_tree(repository: Repository) -> str:
    """Return the id of the tree that the scratch index holds; raises CannotJudge for an unmerged one."""
    done = repository.plain.run("write-tree", "--missing-ok")
    if done.exit_code == 0:
        return done.stdout.decode("ascii").strip()
    unmerged = _unmerged(repository)
    if unmerged:
        raise CannotJudge(f"{shown(unmerged)} still to be merged; resolve and `git add`, then judge again")
    raise CannotJudge(f"the index cannot be written as a tree: {said(done.stderr)}")


def shown(paths: Iterable[str]) -> str:
    """Return the first paths, quoted, with a count of the rest and the verb that follows."""
    listed = list(dict.fromkeys(paths))
    names = ", ".join(ascii(path) for path in listed[:_SHOWN])
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return f"{names}{more} {'is' if len(listed) == 1 else 'are'}"


def _unmerged(repository: Repository) -> list[str]:
    listed = repository.plain.run("ls-files", "--unmerged", "-z").stdout
    return [os.fsdecode(row.partition(b"\t")[2]) for row in listed.split(b"\0") if row]


def _index_path(repository: Repository) -> Path:
    """Return the index of the running hook, or the repository's own.

    `git commit -a` and `git commit -- path` run their hook on an index of their own; judging
    another one than is going to be committed would let anything pass.
    """
    git_dir = repository.layout.git_dir
    named = repository.caller.get("GIT_INDEX_FILE")
    if not named:
        return git_dir / "index"
    path = Path(named).absolute()
    if path.parent.resolve() != git_dir.resolve():
        raise UsageError(
            f"GIT_INDEX_FILE is {named!r}, outside the git directory {str(git_dir)!r}, so it is unclear"
            " what is staged; unset it"
        )
    return path
