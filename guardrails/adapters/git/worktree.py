"""The work tree as a tree: what `git add --all` would stage, byte for byte.

Git says which files differ from the index; we hash those ourselves, so that no clean filter,
line-ending rule or link on the way can show the judge other bytes than will run.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from guardrails.adapters.git.index import copy_index, shown, written_tree
from guardrails.adapters.git.objects import MAXIMUM_BYTES
from guardrails.adapters.git.process import Git, clean_environment
from guardrails.adapters.git.repository import Repository, is_plain_configuration, start_of
from guardrails.adapters.scratch import room_in
from guardrails.model.change import Mode
from guardrails.model.errors import CannotJudge

_TRAITS = r"^core\.(filemode|symlinks|ignorecase|precomposeunicode)$"
_SECTION = re.compile(rb"[ \t]*\[([^\] \t]*)")
_TRAIT = re.compile(
    rb"(?i)[ \t]*(filemode|symlinks|ignorecase|precomposeunicode)[ \t]*(=[ \t]*([^ \t\r]*)[ \t]*)?\r?"
)
_SAYING = (
    b"excludesfile",
    b"include",
)  # what a user's configuration has to hold to name files that list names
_NAMES = (b"filemode", b"symlinks", b"ignorecase", b"precomposeunicode")
_CHUNK_BYTES = 1 << 20
_MOST_BYTES = 1 << 16  # longer ones are left to git


def work_tree(repository: Repository) -> str:
    """Return the id of the work tree's tree: tracked changes, and new files that are not ignored."""
    top = repository.work_tree()
    copy_index(repository)
    git = _git_over(repository, top)
    changed = _changed(git)
    new = list(_listed(git.output("ls-files", "--others", "--exclude-standard", "-z")))
    nested = [path for path in new if path.endswith("/")]
    if nested:
        raise CannotJudge(f"{shown(nested)} a git repository of its own; ignore it, or add it as a submodule")
    rows = [_row(repository, top, path) for path in dict.fromkeys([*changed, *new])]
    if rows:
        # Removals first, so that a file may take the place of a folder and the reverse.
        rows.sort(key=lambda row: not row.startswith(b"0 "))
        repository.plain.output("update-index", "--replace", "-z", "--index-info", stdin=b"".join(rows))
    return written_tree(repository)


def _git_over(repository: Repository, top: Path) -> Git:
    """Return git over the work tree with our own repository, so that no filter is configured in it."""
    excludes = repository.layout.common_dir / "info" / "exclude"
    if excludes.is_file():
        with room_in(repository.scratch.path):
            (repository.scratch.git_dir / "info" / "exclude").write_bytes(excludes.read_bytes())
    ignored = _excludes_file(repository.caller, top)
    settings = [*_traits(repository, top), *([f"core.excludesFile={ignored}"] if ignored else [])]
    variables = {**repository.plain.environment, "GIT_WORK_TREE": str(top)}
    return Git(str(top), variables, ("core.bare=false", *settings))


def _traits(repository: Repository, top: Path) -> list[str]:
    """Return what the repository's configuration says of the file system, as git is told it."""
    git_dir = str(repository.layout.git_dir)
    if repository.layout.git_dir == repository.layout.common_dir:
        with suppress(OSError):
            plain = plain_traits(start_of(f"{git_dir}/config"))
            if plain is not None:
                return plain
    own = Git(str(top), {**clean_environment(repository.caller), "GIT_DIR": git_dir})
    traits = own.run("config", "-z", "--get-regexp", _TRAITS).stdout.split(b"\0")
    return [os.fsdecode(trait.replace(b"\n", b"=", 1)) for trait in traits if trait]


def plain_traits(configuration: bytes) -> list[str] | None:
    """Return what a repository's configuration says of the file system; None where git has to be asked."""
    if not is_plain_configuration(configuration):
        return None
    found, in_core = [], False
    for line in configuration.split(b"\n"):
        section = _SECTION.match(line)
        if section:
            in_core = section[1].lower() == b"core" and b'"' not in line
        trait = _TRAIT.fullmatch(line)
        if not section and in_core and trait:
            value = trait[3] or b""
            if value and not value.isalnum():
                return None
            found.append(os.fsdecode(b"core." + trait[1].lower() + (b"=" + value if trait[2] else b"")))
        elif in_core and any(one in line.lower() for one in _NAMES):
            return None
    return found


def _excludes_file(caller: Mapping[str, str], top: Path) -> str:
    """Return the file that the user's own configuration names for what to ignore, nothing where it names none."""
    if _is_silent(caller):
        return ""
    user = Git(str(top), clean_environment(caller, user_configuration=True))
    return os.fsdecode(user.run("config", "--global", "--path", "core.excludesFile").stdout).strip("\n")


def _is_silent(caller: Mapping[str, str]) -> bool:
    """Whether nothing that git reads as the user's own configuration can name such a file."""
    home = caller.get("HOME", "")
    folder = caller.get("XDG_CONFIG_HOME") or f"{home}/.config"
    if not (home.startswith("/") and folder.startswith("/")):
        return False
    for path in (f"{home}/.gitconfig", f"{folder}/git/config"):
        try:
            content = start_of(path)
        except FileNotFoundError:
            continue
        except OSError:
            return False
        if len(content) >= _MOST_BYTES or any(one in content.lower() for one in _SAYING):
            return False
    return True


def _changed(git: Git) -> list[str]:
    """Return the tracked paths whose file differs from the index, going by its recorded state."""
    parts = git.output("diff-files", "--raw", "-z", "--no-renames", "--ignore-submodules=dirty").split(b"\0")
    rows = zip(parts[::2], parts[1::2], strict=False)
    listed = [(row.rsplit(b" ", 1)[-1], os.fsdecode(path)) for row, path in rows]
    unmerged = [path for status, path in listed if status == b"U"]
    if unmerged:
        raise CannotJudge(f"{shown(unmerged)} still to be merged; resolve and `git add`, then judge again")
    return [path for _, path in listed]


def _listed(output: bytes) -> Iterator[str]:
    return (os.fsdecode(path) for path in output.split(b"\0") if path)


def _row(repository: Repository, top: Path, path: str) -> bytes:
    """Return the index entry of what stands at `path` now; mode 0 when nothing does."""
    place = top / path
    try:
        found = place.lstat()
        if _crosses_link(top, path):
            return _removal(repository, path)
        if stat.S_ISLNK(found.st_mode):
            return _entry(Mode.SYMLINK, repository.scratch.store(os.fsencode(place.readlink())), path)
        if stat.S_ISDIR(found.st_mode):
            return _submodule(repository, place, path)
        mode = Mode.EXECUTABLE if found.st_mode & stat.S_IXUSR else Mode.FILE
        return _entry(mode, _hashed(repository, place), path)
    except (FileNotFoundError, NotADirectoryError):
        return _removal(repository, path)
    except OSError as error:
        raise CannotJudge(f"{path!a} cannot be read from the work tree: {error.strerror}") from error


def _crosses_link(top: Path, path: str) -> bool:
    """Whether a folder above `path` is a link, so that the file is not in this work tree."""
    return any((top / above).is_symlink() for above in list(Path(path).parents)[:-1])


def _hashed(repository: Repository, place: Path) -> str:
    """Store a regular file and return its blob id; one too large to be judged is only hashed."""
    descriptor = os.open(place, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise CannotJudge(f"{str(place)!a} is neither file, link nor folder; remove or ignore it")
        if found.st_size <= MAXIMUM_BYTES:
            return repository.scratch.store(file.read())
        total = hashlib.new(repository.layout.algorithm, b"blob %d\0" % found.st_size, usedforsecurity=False)
        while chunk := file.read(_CHUNK_BYTES):
            total.update(chunk)
    repository.objects.unstored[total.hexdigest()] = found.st_size
    return total.hexdigest()


def _submodule(repository: Repository, place: Path, path: str) -> bytes:
    """Return the entry of a submodule at the commit that it has checked out."""
    git = Git(str(place), clean_environment(repository.caller, user_configuration=True))
    done = git.run("rev-parse", "--verify", "-q", "HEAD^{commit}")
    top = git.run("rev-parse", "--show-toplevel")
    if done.exit_code != 0 or os.fsdecode(top.stdout).rstrip("\n") != str(place.resolve()):
        return _removal(repository, path)
    return _entry(Mode.SUBMODULE, done.stdout.decode("ascii").strip(), path)


def _entry(mode: Mode, name: str, path: str) -> bytes:
    return f"{mode.value} {name}\t".encode() + os.fsencode(path) + b"\0"


def _removal(repository: Repository, path: str) -> bytes:
    width = len(repository.objects.empty_tree)
    return f"0 {'0' * width}\t".encode() + os.fsencode(path) + b"\0"
