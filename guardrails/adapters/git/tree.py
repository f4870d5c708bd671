"""A git tree as bytes by path, read without a checkout and without listing more than is asked for.

Tree objects are read and checked like any other, so that a listing cannot be forged either,
and identical subtrees of base and head are read once.
"""

import re
from collections.abc import Iterable, Mapping

from guardrails.adapters.git.objects import MAXIMUM_BYTES, ObjectReader, missing_object, too_large
from guardrails.model.change import Entry, Mode
from guardrails.model.errors import CannotJudge
from guardrails.model.frozen import frozen

_ROW = {
    "sha1": re.compile(rb"([0-7]{5,6}) ([^\0/]+)\0(.{20})", re.DOTALL),
    "sha256": re.compile(rb"([0-7]{5,6}) ([^\0/]+)\0(.{32})", re.DOTALL),
}
_FOLDER_MODES = frozenset({b"40000", b"040000"})
_MODES = {
    b"100644": Mode.FILE,
    # Git of 2005 kept group bits; it reads these as plain files today.
    b"100664": Mode.FILE,
    b"100755": Mode.EXECUTABLE,
    b"120000": Mode.SYMLINK,
    b"160000": Mode.SUBMODULE,
}
_MAXIMUM_PATHS = 2_000_000
_MAXIMUM_PATH = 4096
_REGULAR = frozenset({Mode.FILE, Mode.EXECUTABLE})


@frozen
class Folder:
    """One tree object: its own files, links and submodules, and the ids of its subfolders, by name."""

    entries: Mapping[str, Entry]
    folders: Mapping[str, str]


class TreeObjects:
    """The tree objects of one repository, each read once however many trees share it."""

    def __init__(self, objects: ObjectReader) -> None:
        self.objects = objects
        self._folders = {objects.empty_tree: Folder({}, {})}

    def load(self, ids: Iterable[str]) -> None:
        """Read the tree objects that are not known yet, in one exchange with git."""
        wanted = [name for name in dict.fromkeys(ids) if name not in self._folders]
        for name, content in zip(wanted, self.objects.read(wanted, "tree"), strict=True):
            self._folders[name] = _folder_in(content, name, self.objects.algorithm)

    def __getitem__(self, name: str) -> Folder:
        """Return a tree object that was loaded."""
        return self._folders[name]


class GitTree:
    """The tree with the given id; implements the `Tree` port."""

    def __init__(self, name: str, folders: TreeObjects) -> None:
        self._id = name
        self._folders = folders
        self._entries: dict[str, Entry] | None = None

    @property
    def id(self) -> str:
        """The tree's object id, hex."""
        return self._id

    @property
    def folders(self) -> TreeObjects:
        """The tree objects that this tree is read from."""
        return self._folders

    def entries(self) -> Mapping[str, Entry]:
        """Return every blob, link and submodule of the tree by path; listed once, then kept."""
        if self._entries is None:
            listed: dict[str, Entry] = {}
            level = {"": self._id}
            while level:
                self._folders.load(level.values())
                level = _step(level, self._folders, listed)
            self._entries = dict(sorted(listed.items()))
        return self._entries

    def entry(self, path: str) -> Entry | None:
        """Return what stands at `path`, None for nothing or a folder; reads only the folders above it."""
        return self._found([path]).get(path)

    def read(self, path: str) -> bytes | None:
        """Return the content of the regular file at `path`; None for nothing, a link or a submodule."""
        return self.read_many([path]).get(path)

    def read_link(self, path: str) -> bytes | None:
        """Return where the symbolic link at `path` points; None when there is none."""
        found = self.entry(path)
        if found is None or found.mode is not Mode.SYMLINK:
            return None
        return self._contents({path: found.blob})[path]

    def read_many(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Return the contents of those of `paths` that are regular files, in one exchange with git.

        Raises CannotJudge for a file over 20 MiB, and for one whose blob is missing or forged.
        """
        found = self._found(dict.fromkeys(paths))
        return self._contents({path: entry.blob for path, entry in found.items() if entry.mode in _REGULAR})

    def _contents(self, blobs: Mapping[str, str]) -> dict[str, bytes]:
        """Return the checked contents of blobs by path."""
        wanted = list(dict.fromkeys(blobs.values()))
        objects = self._folders.objects
        for name, info in zip(wanted, objects.sizes(wanted), strict=True):
            if info is None:
                raise _named(missing_object(name), name, blobs)
            if info.size > MAXIMUM_BYTES:
                raise _named(too_large(name, info.size), name, blobs)
        contents = dict(zip(wanted, objects.read(wanted, "blob"), strict=True))
        return {path: contents[name] for path, name in blobs.items()}

    def _found(self, paths: Iterable[str]) -> dict[str, Entry]:
        if self._entries is not None:
            return {path: self._entries[path] for path in paths if path in self._entries}
        found: dict[str, Entry] = {}
        walks = [(path, path.split("/"), self._id) for path in paths]
        while walks:
            self._folders.load(name for _, _, name in walks)
            further = []
            for path, (first, *rest), name in walks:
                folder = self._folders[name]
                if not rest and first in folder.entries:
                    found[path] = folder.entries[first]
                elif rest and first in folder.folders:
                    further.append((path, rest, folder.folders[first]))
            walks = further
        return found


def refuse_bomb(prefix: str, paths: int) -> None:
    """Raise CannotJudge for a tree that was built to exhaust us, met at the folder `prefix`.

    A few small tree objects that name one another many times unfold to billions of paths.
    """
    if paths > _MAXIMUM_PATHS:
        raise CannotJudge(f"a tree unfolds to more than {_MAXIMUM_PATHS} paths; judge a smaller repository")
    if len(prefix) > _MAXIMUM_PATH:
        raise CannotJudge(f"a path is longer than {_MAXIMUM_PATH} letters: {prefix[:60]!a}...; shorten it")


def _step(level: Mapping[str, str], folders: TreeObjects, listed: dict[str, Entry]) -> dict[str, str]:
    """Add the entries of each folder of one level by path; return the folders of the next."""
    further: dict[str, str] = {}
    for prefix, name in level.items():
        folder = folders[name]
        listed.update({prefix + entry: value for entry, value in folder.entries.items()})
        further.update({f"{prefix}{part}/": below for part, below in folder.folders.items()})
        refuse_bomb(prefix, len(listed) + len(further))
    return further


def _folder_in(content: bytes, name: str, algorithm: str) -> Folder:
    """Return what a tree object says; raises CannotJudge for one that no work tree could hold."""
    rows = _ROW[algorithm].findall(content)
    width = len(name) // 2 + len(b" \0")
    read = sum(len(mode) + len(part) + width for mode, part, _ in rows)
    entries: dict[str, Entry] = {}
    folders: dict[str, str] = {}
    for mode, raw, object_id in rows:
        part = raw.decode("utf-8", "surrogateescape")
        if mode in _FOLDER_MODES:
            folders[part] = object_id.hex()
        elif mode in _MODES:
            entries[part] = Entry(_MODES[mode], object_id.hex())
        if part[:1] == "." and part.lower() in {".", "..", ".git"}:
            raise CannotJudge(f"tree {name} has an entry {part!r}, which no work tree can hold; remove it")
    if read != len(content) or len({*entries, *folders}) != len(rows):
        raise CannotJudge(
            f"tree {name} is malformed (bad or repeated entries); run `git fsck` and rewrite it"
        )
    return Folder(entries, folders)


def _named(error: CannotJudge, blob: str, blobs: Mapping[str, str]) -> CannotJudge:
    """Return the error with the path of the blob in front."""
    path = next(path for path, name in blobs.items() if name == blob)
    return CannotJudge(f"{path!r} cannot be read: {error}")
