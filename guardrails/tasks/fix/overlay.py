"""A tree with some files replaced, to ask the rules of a rewrite that is written nowhere yet."""

from collections.abc import Iterable, Mapping

from guardrails.model.change import Entry, Mode
from guardrails.model.digest import sha256
from guardrails.model.frozen import frozen
from guardrails.model.ports import Tree


@frozen
class EditedTree:
    """`tree` with the contents of `edits` in place of its own."""

    tree: Tree
    edits: Mapping[str, bytes]

    @property
    def id(self) -> str:
        """Nothing: this tree is in no repository."""
        return ""

    def entries(self) -> Mapping[str, Entry]:
        """Return every entry; a content's digest stands in for an edited file's blob id."""
        edited = {path: Entry(Mode.FILE, sha256(text).hexdigest()) for path, text in self.edits.items()}
        return {**self.tree.entries(), **edited}

    def read(self, path: str) -> bytes | None:
        """Return the content of a file."""
        return self.edits[path] if path in self.edits else self.tree.read(path)

    def read_many(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Return the contents of those that exist."""
        wanted = list(paths)
        own = {path: self.edits[path] for path in wanted if path in self.edits}
        return {**self.tree.read_many([path for path in wanted if path not in own]), **own}
