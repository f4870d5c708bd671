"""Reads a tree's import graph and sums it up by part."""

from collections import Counter
from collections.abc import Iterable, Mapping

from guardrails.analysis.code.facts import Facts
from guardrails.analysis.code.graph import Graph
from guardrails.analysis.code.selection import matches
from guardrails.gates.architecture.layers import is_under, objection_to, place_of
from guardrails.gates.architecture.settings import LayerContract, Settings
from guardrails.model.errors import UsageError
from guardrails.tasks.graph.picture import Arrow, Part, Picture
from guardrails.tasks.graph.rows import rows_by_imports

_NEAR = 5


def survey(graph: Graph, settings: Settings, package: str, depth: int = 1) -> Picture:
    """Return the picture of `package`, its parts `depth` names deep; all top-level packages for "".

    Raises UsageError when the tree holds no such package.
    """
    modules = _modules_of(graph, settings, package)
    part_of = {name: _part(name, package, depth) for name in modules}
    facts = graph.code.facts_by_path(modules.values())
    contract = next((one for one in settings.contracts if one.package == package), None)
    counts: Counter[tuple[str, str]] = Counter()
    objections: dict[tuple[str, str], tuple[str, str]] = {}
    for name, path in modules.items():
        for target, line in _imported(graph, name, facts[path]).items():
            if target not in part_of or part_of[target] == part_of[name]:
                continue
            pair = part_of[name], part_of[target]
            counts[pair] += 1
            why = objection_to(contract, name, target) if contract else None
            if why:
                objections.setdefault(pair, (why, f"{path}:{line}"))
    arrows = tuple(
        Arrow(*pair, count, *objections.get(pair, ("", ""))) for pair, count in sorted(counts.items())
    )
    shown = sorted(set(part_of.values()) - _idle_root(package, arrows))
    rows = _contract_rows(contract, shown) if contract else rows_by_imports(shown, counts)
    parts = tuple(_summed(graph, one, rows[one], part_of, modules) for one in shown)
    return Picture(package, tuple(sorted(parts, key=lambda one: (one.row, one.name))), arrows, bool(contract))


def _imported(graph: Graph, name: str, facts: Facts) -> Mapping[str, int]:
    """Return the modules that one module imports, each with the first line that does."""
    found: dict[str, int] = {}
    for target, how in graph.modules.edges(name, facts):
        found.setdefault(target, how.line)
    return found


def packages_of(graph: Graph, settings: Settings) -> tuple[str, ...]:
    """Return the top-level packages and modules of the tree that policy wants judged."""
    return tuple(sorted({name.partition(".")[0] for name in _judged(graph, settings)}))


def _modules_of(graph: Graph, settings: Settings, package: str) -> Mapping[str, str]:
    judged = _judged(graph, settings)
    found = {name: path for name, path in judged.items() if not package or is_under(name, package)}
    if found:
        return found
    if not judged:
        raise UsageError("the tree holds no Python module that policy wants judged; see `ignore` and `roots`")
    known = sorted(judged, key=lambda name: (-len(_shared(name, package)), len(name)))[:_NEAR]
    raise UsageError(f"{package!a} is no package of the tree; there are {', '.join(known)} and others")


def _judged(graph: Graph, settings: Settings) -> Mapping[str, str]:
    every = graph.modules.by_name.items()
    return {name: path for name, path in every if name and not matches(path, settings.ignore)}


def _shared(one: str, other: str) -> str:
    length = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        length += 1
    return one[:length]


def _part(name: str, package: str, depth: int) -> str:
    kept = (package.count(".") + 1 if package else 0) + depth
    return ".".join(name.split(".")[:kept])


def _idle_root(package: str, arrows: Iterable[Arrow]) -> set[str]:
    """Return the package's own `__init__` as a part to leave out, unless it has an arrow."""
    ends = {end for one in arrows for end in (one.importer, one.imported)}
    return {package} - ends


def _contract_rows(contract: LayerContract, parts: Iterable[str]) -> Mapping[str, int]:
    below = len(contract.layers) + 1
    places = {part: place_of(contract, part) for part in parts}
    return {part: place.row if place else below for part, place in places.items()}


def _summed(
    graph: Graph, part: str, row: int, part_of: Mapping[str, str], modules: Mapping[str, str]
) -> Part:
    own = [name for name, owner in part_of.items() if owner == part]
    calls = unresolved = 0
    for name in own:
        for call in graph.code.facts(modules[name]).calls:
            calls += 1
            unresolved += not graph.meanings(name, call.name)
    return Part(part, row, len(own), calls, unresolved)
