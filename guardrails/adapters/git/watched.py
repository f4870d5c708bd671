"""What git's list of a work tree's files rests on, so that an unchanged tree need not be listed again.

The list follows from the index, the folders, the files that say what to ignore, and the configuration.
Where it may rest on more (a repository inside this one, conditional includes) nothing is returned.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from guardrails.adapters.git.process import Git, clean_environment
from guardrails.model.frozen import frozen

_QUESTIONS = ("index", "info/exclude", "config", "config.worktree", "info/sparse-checkout")
_SYSTEM_CONFIGURATION = "/etc/gitconfig"
_MOST_ROUNDS = 40


@frozen
class Watched:
    """Absolute folders whose listing counts, and absolute files that count or whose absence does."""

    folders: tuple[str, ...]
    files: tuple[str, ...]


def watched_by_git(top: Path, names: Collection[str], caller: Mapping[str, str]) -> Watched | None:
    """Return what the list `names` of the work tree at `top` rests on; None where it may rest on more."""
    git = Git(str(top), clean_environment(caller, user_configuration=True))
    settings = _settings(git, caller)
    if settings is None or any(name.endswith("/") for name in names):
        return None
    folders: list[str] = []
    files = [str(top / ".git")] if (top / ".git").is_file() else []
    listed = {folder for name in names for folder in _parents(name)}
    pending = [""]
    for _ in range(_MOST_ROUNDS):
        strange: list[str] = []
        while pending:
            prefix = pending.pop()
            folders.append(f"{top}/{prefix}".rstrip("/"))
            for name, is_folder in _held(f"{top}/{prefix}"):
                if name == ".git" and prefix:
                    return None
                if name == ".gitignore":
                    files.append(f"{top}/{prefix}{name}")
                elif is_folder and name != ".git" and prefix + name not in names:
                    (pending if prefix + name in listed else strange).append(f"{prefix}{name}/")
        ignored = _ignored(git, strange)
        pending = [one for one in strange if one not in ignored]
        if not pending:
            return Watched(tuple(folders), (*files, *settings))
    return None


def _parents(name: str) -> Iterator[str]:
    while "/" in name:
        name = name.rpartition("/")[0]
        yield name


def _held(folder: str) -> Iterator[tuple[str, bool]]:
    with os.scandir(folder) as entries:
        for one in entries:
            yield one.name, one.is_dir(follow_symlinks=False)


def _ignored(git: Git, folders: Collection[str]) -> set[str]:
    """Return those of the folders that git does not look into."""
    if not folders:
        return set()
    asked = b"\0".join(map(os.fsencode, folders))
    done = git.run("check-ignore", "--no-index", "-z", "--stdin", stdin=asked)
    return set(os.fsdecode(done.stdout).split("\0"))


def _settings(git: Git, caller: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return the files that git's own settings come from, those that may yet appear too."""
    paths = [part for one in _QUESTIONS for part in ("--git-path", one)]
    own = os.fsdecode(git.output("rev-parse", "--path-format=absolute", *paths)).split("\n")[:-1]
    told = os.fsdecode(git.output("config", "--list", "--show-origin", "--includes", "-z")).split("\0")[:-1]
    origins, settings = told[0::2], told[1::2]
    if len(own) != len(_QUESTIONS) or any(one.lower().startswith("includeif.") for one in settings):
        return None
    home = caller.get("HOME") or "/nonexistent"
    user = caller.get("XDG_CONFIG_HOME") or f"{home}/.config"
    excludes = git.run("config", "--path", "--get", "core.excludesFile").stdout
    usual = (_SYSTEM_CONFIGURATION, f"{home}/.gitconfig", f"{user}/git/config", f"{user}/git/ignore")
    from_files = [one.removeprefix("file:") for one in origins if one.startswith("file:")]
    named = [os.fsdecode(line) for line in excludes.split(b"\n") if line]
    return tuple(
        os.path.normpath(os.path.join(git.directory, one))  # noqa: PTH118 - a name with a line break stays one
        for one in (*own, *usual, *from_files, *named)
    )
