"""What an edit changed, name by name, for those who read only some of a file.

Lines are left out where only evidence shows them: whoever tells of lines in a file is judged anew at every edit of
it. What a function does is compared apart from how it is called.
"""

from collections.abc import Iterator, Mapping

from guardrails.analysis.code.facts import Call, Facts
from guardrails.analysis.code.graph import ANYTHING, Key
from guardrails.analysis.code.imports import Modules
from guardrails.analysis.code.linking.meanings import EVERYTHING, STARS, Atom, first_of
from guardrails.model.frozen import frozen


@frozen
class Changes:
    """The files that changed, and of their modules: names that mean something else, functions that do something
    else, and modules of which nobody knows what they said before."""

    paths: frozenset[str]
    atoms: frozenset[Atom]
    bodies: frozenset[Key]
    unknown: frozenset[str]


def changes_in(
    paths: frozenset[str], before: Mapping[str, Facts], after: Mapping[str, Facts], modules: Modules
) -> Changes:
    """Return what changed in the files at `paths`, whose facts were those of `before`, as far as they are known."""
    atoms: set[Atom] = {ANYTHING}
    bodies: set[Key] = set()
    unknown = set()
    for path in paths:
        module = modules.name_of(path)
        atoms.add((module, EVERYTHING))
        if path not in before:
            unknown.add(module)
            continue
        old, new = _names(before[path]), _names(after[path])
        atoms |= {(module, name) for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
        done, does = _bodies(before[path]), _bodies(after[path])
        bodies |= {(module, *key) for key in done.keys() | does.keys() if done.get(key) != does.get(key)}
    return Changes(paths, frozenset(atoms), frozenset(bodies), frozenset(unknown))


def _names(facts: Facts) -> Mapping[str, list[object]]:
    """Return all that users of a module may learn of each name at its top level."""
    found: dict[str, list[object]] = {}
    for one in facts.scopes:
        decorators = [(each.name, each.flags, each.arguments, each.keywords) for each in one.decorators]
        said = (one.name, one.kind, decorators, one.parameters, one.returns, one.bases)
        found.setdefault(first_of(one.name)[0], []).append(said)
    for name, values in facts.exports.items():
        found.setdefault(name, []).append(("=", values))
    for name, attributes in facts.attributes.items():
        found.setdefault(first_of(name)[0], []).append((name, attributes))
    for name, given in facts.gives.items():
        found.setdefault(first_of(name)[0], []).append((name, "gives", given))
    found[STARS] = [one.module for one in facts.imports if one.name == "*"]
    return found


def _bodies(facts: Facts) -> Mapping[tuple[str, int], list[object]]:
    """Return the calls of each function, lines counted from its first, and what of its module it writes to."""
    names: dict[str, int] = {}
    places = []
    for one in facts.scopes:
        names[one.name] = names.get(one.name, -1) + 1
        places.append((one.name, names[one.name]))
    found: dict[tuple[str, int], list[object]] = {}
    for owner, call in _owned(facts):
        line = call.line - facts.scopes[owner].line
        said = (call.name, call.flags, call.arguments, call.keywords, line)
        found.setdefault(places[owner], []).append(said)
    for write in facts.writes:
        found.setdefault(places[facts.function_of(write.scope)], []).append(write.text)
    return found


def _owned(facts: Facts) -> Iterator[tuple[int, Call]]:
    for call in (*facts.calls, *facts.unsaid, *facts.reads()):
        yield facts.function_of(call.scope), call
