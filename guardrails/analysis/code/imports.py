"""Which module a path is, and which modules of a tree import which, from facts and a listing alone.

Nothing is imported and nothing is looked up on the machine, so base and head are judged the same
way on every machine.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property

from guardrails.analysis.code.facts import Facts, Import
from guardrails.model.frozen import frozen

_SUFFIX = ".py"


@frozen
class Modules:
    """The modules of one tree. `roots` are the folders that stand on the import path, such as `src`."""

    paths: frozenset[str]
    roots: tuple[str, ...] = (".",)

    def name_of(self, path: str) -> str:
        """Return the dotted name that `path` is imported under; the longest matching root decides."""
        inside = path
        for root in sorted(self.roots, key=len, reverse=True):
            folder = root.strip("/") + "/"
            if root not in {"", "."} and path.startswith(folder):
                inside = path[len(folder) :]
                break
        return inside.removesuffix(_SUFFIX).removesuffix("/__init__").replace("/", ".")

    @cached_property
    def by_name(self) -> Mapping[str, str]:
        """The path of every module by its name; a package's is its `__init__.py`."""
        found: dict[str, str] = {}
        for path in sorted(self.paths):
            name = self.name_of(path)
            if name not in found or path.endswith("/__init__.py"):
                found[name] = path
        return found

    def is_package(self, name: str) -> bool:
        """Whether the module is a package's `__init__`."""
        return self.by_name.get(name, "").endswith("__init__.py")

    def absolute(self, module: str, name: str) -> str:
        """Return `name`, written in `module`, without leading dots."""
        if not name.startswith("."):
            return name
        bare = name.lstrip(".")
        up = len(name) - len(bare) - (1 if self.is_package(module) else 0)
        parts = module.split(".")
        kept = parts[: len(parts) - up] if up else parts
        return ".".join([*kept, bare] if bare else kept)

    def split(self, dotted: str) -> tuple[str, str]:
        """Return the longest prefix that is a module of the tree, and the rest; ("", dotted) if none."""
        head = dotted
        while head:
            if head in self.by_name:
                return head, dotted[len(head) + 1 :]
            head = head.rpartition(".")[0]
        return "", dotted

    def targets(self, module: str, one: Import) -> tuple[str, ...]:
        """Return the names that an import brings in: modules of the tree where they are, else as written.

        `from package import name` is an import of `package.name` where that is a module, else of
        `package`.
        """
        base = self.absolute(module, one.module)
        if one.name and one.name != "*" and f"{base}.{one.name}" in self.by_name:
            return (f"{base}.{one.name}",)
        return (base,)

    def edges(self, module: str, facts: Facts) -> Iterator[tuple[str, Import]]:
        """Yield what `module` imports, by name, with the import that does it."""
        for one in facts.imports:
            for target in self.targets(module, one):
                yield target, one
