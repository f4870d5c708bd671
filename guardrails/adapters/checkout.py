"""A tree's files in a folder, for programs that read files and not git objects.

Written by us from blobs and never by `git checkout`, so no attribute, filter or hook of the
change has a say. A name or link that would reach outside is refused or left out.
"""

import os
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Protocol, runtime_checkable

from guardrails.adapters.scratch import remove, room_in
from guardrails.model.change import Entry, Mode
from guardrails.model.errors import CannotJudge
from guardrails.model.ports import Tree

BYTES = 1 << 30
_CHUNK = 256
_MODES = {Mode.FILE: 0o444, Mode.EXECUTABLE: 0o555}


@runtime_checkable
class LinkReader(Protocol):
    """A tree that can tell where its symbolic links point; of any other the links are left out."""

    def read_link(self, path: str) -> bytes | None:
        """Return the target of the link at `path`; None when it is none."""


def check_out(tree: Tree, folder: Path, limit_bytes: int = BYTES) -> Path:
    """Make the tree's files under the new `folder`, read-only, all at once or not at all.

    Two processes may make the same folder at the same time; one of them wins.
    """
    if folder.exists():
        return folder
    aside = folder.with_name(f".{folder.name}-{os.getpid()}-{os.urandom(4).hex()}")
    try:
        with room_in(folder.parent):
            aside.mkdir(mode=0o700, parents=True)
            _fill(tree, aside, limit_bytes)
            try:
                aside.rename(folder)
            except OSError:
                if not folder.is_dir():
                    raise
            else:
                folder.chmod(0o555)
    finally:
        remove(aside)
    return folder


def _fill(tree: Tree, folder: Path, limit_bytes: int) -> None:
    entries = tree.entries()
    folders = {folder}
    for path, entry in entries.items():
        _refuse_unsafe(path)
        place = folder / path
        _make_parents(place if entry.mode is Mode.SUBMODULE else place.parent, folders)
    _write_files(tree, entries, folder, limit_bytes)
    if isinstance(tree, LinkReader):
        _write_links(tree, entries, folder)
    for made in sorted(folders - {folder}, reverse=True):
        made.chmod(0o555)


def _refuse_unsafe(path: str) -> None:
    for part in path.split("/"):
        # Names that some file system takes for `.git`; see CVE-2014-9390.
        plain = part.rstrip(". ").casefold()
        if part in {"", ".", ".."} or plain in {".git", "git~1"} or "\0" in part:
            raise CannotJudge(f"the tree holds the path {path!a}, which no checkout may have; remove it")


def _make_parents(place: Path, known: set[Path]) -> None:
    missing = []
    while place not in known:
        missing.append(place)
        place = place.parent
    for one in reversed(missing):
        try:
            one.mkdir(mode=0o700)
        except FileExistsError:
            raise CannotJudge(f"the tree holds {one.name!a} both as a file and as a folder") from None
        known.add(one)


def _write_files(tree: Tree, entries: Mapping[str, Entry], folder: Path, limit_bytes: int) -> None:
    paths = iter([path for path, entry in entries.items() if entry.mode in _MODES])
    total = 0
    while chunk := list(islice(paths, _CHUNK)):
        contents = tree.read_many(chunk)
        for path in chunk:
            if path not in contents:
                raise CannotJudge(f"the blob of {path!a} is not in the repository; fetch the whole history")
            total += len(contents[path])
            if total > limit_bytes:
                raise CannotJudge(f"tree {tree.id}: its files hold more than {limit_bytes >> 20} MiB")
            _write_file(folder / path, contents[path], _MODES[entries[path].mode])


def _write_file(place: Path, content: bytes, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        descriptor = os.open(place, flags, mode)
    except FileExistsError:
        raise CannotJudge(f"the tree holds {place.name!a} twice in one folder; rename one") from None
    with open(descriptor, "wb") as file:  # noqa: PTH123 - pathlib opens no descriptor
        file.write(content)
        os.fchmod(file.fileno(), mode)


def _write_links(tree: LinkReader, entries: Mapping[str, Entry], folder: Path) -> None:
    """Make the links last, so that no file is written through one, then drop those that lead outside."""
    made = []
    for path, entry in entries.items():
        target = tree.read_link(path) if entry.mode is Mode.SYMLINK else None
        if target and b"\0" not in target and not (folder / path).exists():
            (folder / path).symlink_to(os.fsdecode(target))
            made.append(folder / path)
    top = os.path.realpath(folder)
    outside = [link for link in made if not _is_under(os.path.realpath(link), top)]
    absolute = [link for link in made if link.readlink().is_absolute()]
    for link in {*outside, *absolute}:
        link.unlink()


def _is_under(path: str, top: str) -> bool:
    return path == top or path.startswith(top + "/")
