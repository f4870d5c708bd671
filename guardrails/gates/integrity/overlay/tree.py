"""Head's tree with everything that judges put back to what base says."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from guardrails.adapters.checkout import LinkReader
from guardrails.gates.integrity.paths import Role, role_of
from guardrails.gates.integrity.settings import IntegritySettings
from guardrails.model.change import Entry
from guardrails.model.frozen import frozen
from guardrails.model.policy import Service
from guardrails.model.ports import Tree

_JUDGING = frozenset({Role.TEST, Role.GOLDEN, Role.CONFIGURATION, Role.POLICY})


def judges(path: str, service: Service, settings: IntegritySettings) -> bool:
    """Return whether a file takes part in judging: tests, their support, goldens, configuration."""
    is_named = any(path == one.rstrip("/") or path.startswith(one.rstrip("/") + "/") for one in service.tests)
    return is_named or role_of(path, settings) in _JUDGING


@frozen
class OverlayTree:
    """A Tree: head's files, except that those which judge are exactly base's."""

    base: Tree
    head: Tree
    is_base: Callable[[str], bool]

    @cached_property
    def _entries(self) -> Mapping[str, Entry]:
        judged = {path: entry for path, entry in self.head.entries().items() if not self.is_base(path)}
        judging = {path: entry for path, entry in self.base.entries().items() if self.is_base(path)}
        clashes = [path for path in judged if _is_in_the_way(path, judging)]
        return {**{path: entry for path, entry in judged.items() if path not in clashes}, **judging}

    @property
    def id(self) -> str:
        """A digest of all paths, modes and blobs, hex."""
        total = hashlib.sha256()
        for path, entry in sorted(self._entries.items()):
            total.update(f"{path}\0{entry.mode.value}\0{entry.blob}\0".encode("utf-8", "surrogateescape"))
        return total.hexdigest()

    def entries(self) -> Mapping[str, Entry]:
        """Return every entry of the overlay by path."""
        return self._entries

    def _owner(self, path: str) -> Tree:
        return self.base if self.is_base(path) else self.head

    def read(self, path: str) -> bytes | None:
        """Return the content at `path`, from base where it judges."""
        return self._owner(path).read(path) if path in self._entries else None

    def read_many(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Return the contents of those paths that are regular files."""
        wanted = [path for path in paths if path in self._entries]
        judging = [path for path in wanted if self.is_base(path)]
        judged = [path for path in wanted if not self.is_base(path)]
        return {**self.head.read_many(judged), **self.base.read_many(judging)}

    def read_link(self, path: str) -> bytes | None:
        """Return the target of the link at `path`, where its tree can tell."""
        owner = self._owner(path)
        return owner.read_link(path) if isinstance(owner, LinkReader) else None


def _is_in_the_way(path: str, judging: Mapping[str, Entry]) -> bool:
    """Whether a file of head stands where base has a folder of judging files."""
    return any(other.startswith(path + "/") for other in judging)
