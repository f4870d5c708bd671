"""Which module a path is, and which modules of a tree import which, from facts and a listing alone.

Nothing is imported and nothing is looked up on the machine, so base and head are judged the same
way on every machine.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property

from guardrails.analysis.code.facts import Facts, Import
from guardrails.analysis.code.sources import Home, homes_in
from guardrails.model.frozen import frozen

_SUFFIX = ".py"


@frozen
class Modules:
    """The modules of one tree. `roots` are the folders that stand on the import path, such as `src`.

    `files` are all files of the tree; where policy names no roots, those of projects tell where else
    modules are imported from.
    """

    paths: frozenset[str]
    roots: tuple[str, ...] = (".",)
    files: frozenset[str] = frozenset()

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

    @cached_property
    def _homes(self) -> Mapping[str, tuple[Home, ...]]:
        return homes_in(self.files, self.paths) if self.roots == (".",) else {}

    def names(self, module: str) -> tuple[str, ...]:
        """Return the module's own name, then those that its project's other modules may import it under."""
        return (module, *(module.removeprefix(one) for one in self._folders if module.startswith(one)))

    @cached_property
    def _folders(self) -> tuple[str, ...]:
        return tuple(sorted({f"{home.prefix}." for some in self._homes.values() for home in some}))

    @property
    def at_home(self) -> Collection[str]:
        """The first parts of names that may mean something else in another module, as `also` tells."""
        return self._homes.keys()

    def also(self, module: str, dotted: str) -> str:
        """Return the module of the tree, or what is in it, that `dotted` may be as well when `module` says it.

        That is so where a project's folder or its `src` stands on the import path; "" where none does.
        """
        for home in self._homes.get(dotted.partition(".")[0], ()):
            if not home.serves or module.startswith(f"{home.serves}."):
                name = f"{home.prefix}.{dotted}"
                if self.split(name)[0]:
                    return name
        return ""

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
        written = self._brought(base, one.name)
        other = self.also(module, base)
        return (written, self._brought(other, one.name)) if other else (written,)

    def _brought(self, base: str, name: str) -> str:
        inner = f"{base}.{name}"
        return inner if name and name != "*" and inner in self.by_name else base

    def edges(self, module: str, facts: Facts) -> Iterator[tuple[str, Import]]:
        """Yield what `module` imports, by name, with the import that does it."""
        for one in facts.imports:
            for target in self.targets(module, one):
                yield target, one
