"""What differs between two trees, by object id alone: attributes and file contents play no part."""

from collections.abc import Iterable, Iterator, Mapping

from guardrails.adapters.git.tree import Folder, GitTree, TreeObjects, refuse_bomb
from guardrails.model.change import Entry, FileChange

_NOTHING = Folder({}, {})
_Pair = tuple[str | None, str | None]


def files_between(base: GitTree, head: GitTree) -> tuple[FileChange, ...]:
    """Return every path that differs, sorted; only folders that differ are read."""
    found: list[FileChange] = []
    level: dict[str, _Pair] = {} if base.id == head.id else {"": (base.id, head.id)}
    while level:
        base.folders.load(name for pair in level.values() for name in pair if name is not None)
        below: dict[str, _Pair] = {}
        for prefix, (old, new) in level.items():
            old_folder, new_folder = _folder(base.folders, old), _folder(base.folders, new)
            found += _files(prefix, old_folder.entries, new_folder.entries)
            below.update(_folders(prefix, old_folder.folders, new_folder.folders))
            refuse_bomb(prefix, len(found) + len(below))
        level = below
    return tuple(sorted(found, key=lambda file: file.path))


def exact_renames(files: Iterable[FileChange]) -> tuple[tuple[str, str], ...]:
    """Return (old path, new path) of files that moved with every byte unchanged, each path used once."""
    removed: dict[str, list[str]] = {}
    pairs: list[tuple[str, str]] = []
    listed = sorted(files, key=lambda file: file.path)
    for file in listed:
        if file.old is not None and file.new is None:
            removed.setdefault(file.old.blob, []).append(file.path)
    for file in listed:
        if file.new is not None and file.old is None and removed.get(file.new.blob):
            pairs.append((removed[file.new.blob].pop(0), file.path))
    return tuple(pairs)


def _folder(folders: TreeObjects, name: str | None) -> Folder:
    return _NOTHING if name is None else folders[name]


def _files(prefix: str, old: Mapping[str, Entry], new: Mapping[str, Entry]) -> Iterator[FileChange]:
    for name in {*old, *new}:
        before, after = old.get(name), new.get(name)
        if before != after:
            yield FileChange(prefix + name, before, after)


def _folders(prefix: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[tuple[str, _Pair]]:
    for name in {*old, *new}:
        pair = (old.get(name), new.get(name))
        if pair[0] != pair[1]:
            yield f"{prefix}{name}/", pair
