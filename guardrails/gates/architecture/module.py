"""What a rule is shown of one module, and what it hands back."""

from collections.abc import Iterable, Iterator
from datetime import date

from guardrails.analysis.code.facts import Facts
from guardrails.analysis.code.graph import Graph, Symbol
from guardrails.analysis.code.selection import matches
from guardrails.gates.architecture.settings import Settings
from guardrails.model.evidence import Evidence
from guardrails.model.frozen import frozen


@frozen
class Found:
    """One fault: its line in the module (or in `path`), the scope that holds it, and what to say.

    `subject` is the normalised snippet of the fingerprint; `remedy` replaces the rule's own. `names` are
    resolved names that a local rule left for `module.graph.meanings` to follow.
    """

    line: int
    scope: int
    message: str
    subject: str
    remedy: str | None = None
    evidence: tuple[Evidence, ...] = ()
    path: str = ""
    names: tuple[str, ...] = ()


@frozen
class Module:
    """One module of one tree. `changed` are the paths that the change touches in that tree, `today` is the
    day on which it is judged; without one everything that ends has ended. `before` is base's graph and
    `stood` the module's path there, for a module of a change's head."""

    path: str
    name: str
    facts: Facts
    graph: Graph
    settings: Settings
    changed: frozenset[str] = frozenset()
    today: date = date.max
    before: Graph | None = None
    stood: str = ""

    @property
    def added(self) -> frozenset[int]:
        """The scopes whose names base's module does not hold; none where there is no base to be new to."""
        if self.before is None:
            return frozenset()
        code = self.before.code
        is_old = self.stood in code.modules.paths
        names = {one.name for one in code.facts(self.stood).scopes} if is_old else frozenset({""})
        return frozenset(index for index, one in enumerate(self.facts.scopes) if one.name not in names)

    @property
    def is_guarded(self) -> bool:
        """Whether policy says what this code may import or do, so that names must stand in it as written."""
        return is_guarded(self.settings, self.path, self.graph.modules.names(self.name))

    @property
    def is_pure(self) -> bool:
        """Whether policy wants neither clock nor randomness here."""
        return matches(self.path, self.settings.pure)

    @property
    def source(self) -> bytes:
        """The module's bytes."""
        return self.graph.source(self.path)

    def marks(self, rule: str) -> Iterator[Found]:
        """Yield what the local rule with that id marks in the module."""
        for one in self.graph.marks(self.path):
            if one.rule == rule:
                yield Found(
                    one.line, one.scope, one.message, one.subject, one.remedy or None, names=one.names
                )

    def symbol(self, scope: int) -> Symbol:
        """Return the symbol of one of the module's scopes."""
        return Symbol(self.name, self.facts.scopes[scope].name, scope)

    def symbol_text(self, scope: int) -> str:
        """Return `module.Qualified.name` of the innermost named scope."""
        while self.facts.scopes[scope].kind == "lambda":
            scope = self.facts.scopes[scope].parent
        return self.symbol(scope).text


def is_guarded(settings: Settings, path: str, names: Iterable[str]) -> bool:
    """Whether policy says what the module of these names may import or do, so that its names must be written."""
    return is_layered(settings, names) or matches(path, settings.pure) or matches(path, settings.guarded)


def is_layered(settings: Settings, names: Iterable[str]) -> bool:
    """Whether a contract or a ban of policy is about the module of these names."""
    packages = [one.package for one in settings.contracts]
    packages += [one.importer for one in settings.forbidden]
    return any(name == one or name.startswith(f"{one}.") for name in names for one in packages)
