"""Which files a folder holds: what git would track in a work tree, else everything that is not hidden.

Links are never followed: what they point to is either listed under its own name or is not ours.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from guardrails.adapters.git.process import Git, clean_environment, said
from guardrails.model.errors import CannotJudge, UsageError

_SKIPPED = frozenset({"__pycache__", "node_modules", "venv", "site-packages"})
_MOST_FILES = 2_000_000


def top_of(path: Path, caller: Mapping[str, str]) -> tuple[Path, bool]:
    """Return the folder that names of files start from, and whether it is a git work tree's top.

    Raises UsageError when there is no such folder.
    """
    folder = path if path.is_dir() else path.parent
    if not folder.is_dir():
        raise UsageError(f"{str(path)!r} does not exist; name files or folders that do")
    folder = folder.resolve()
    for one in (folder, *folder.parents):
        if (one / ".git").exists():
            git = Git(str(one), clean_environment(caller, user_configuration=True))
            done = git.run("rev-parse", "--is-inside-work-tree")
            if done.exit_code == 0 and done.stdout.strip() == b"true":
                return one, True
            raise UsageError(f"git cannot open {str(one)!r}: {said(done.stderr)}")
    return folder, False


def tracked(top: Path, caller: Mapping[str, str]) -> Iterator[str]:
    """Yield the paths in a git work tree that are tracked, or new and not ignored; some may be gone."""
    git = Git(str(top), clean_environment(caller, user_configuration=True))
    listed = git.output("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
    yield from (name for name in os.fsdecode(listed).split("\0") if name)


def found(top: Path) -> Iterator[str]:
    """Yield the paths of all regular files below a folder that is no git work tree, hidden ones left out."""
    for prefix, names in walked(top):
        yield from (prefix + name for name in names)


def walked(top: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield every folder below `top` that is looked into, as a prefix of paths, with its regular files."""
    pending = [""]
    count = 0
    while pending:
        prefix = pending.pop()
        files = []
        with os.scandir(f"{top}/{prefix}") as entries:
            for one in entries:
                name = one.name
                if name.startswith(".") or name in _SKIPPED:
                    continue
                if one.is_dir(follow_symlinks=False):
                    pending.append(f"{prefix}{name}/")
                elif one.is_file(follow_symlinks=False):
                    files.append(name)
        count += len(files)
        if count > _MOST_FILES:
            raise CannotJudge(f"more than {_MOST_FILES} files lie below {str(top)!r}; name a smaller folder")
        yield prefix, files
