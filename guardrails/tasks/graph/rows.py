"""Puts parts into rows when no policy does: whoever imports stands above what is imported."""

from collections.abc import Iterable, Mapping


def rows_by_imports(parts: Iterable[str], imports: Iterable[tuple[str, str]]) -> Mapping[str, int]:
    """Return a row for each part, 0 at the top; the parts of an import cycle share one."""
    below: dict[str, set[str]] = {part: set() for part in sorted(parts)}
    for importer, imported in imports:
        if importer in below and imported in below:
            below[importer].add(imported)
    groups = _cycles(below)
    group_of = {part: index for index, group in enumerate(groups) for part in group}
    height: dict[int, int] = {}
    # What a group imports comes before it in the list.
    for index, group in enumerate(groups):
        under = {group_of[target] for part in group for target in below[part]} - {index}
        height[index] = 1 + max((height[one] for one in under), default=-1)
    highest = max(height.values(), default=0)
    return {part: highest - height[group_of[part]] for part in below}


def _cycles(below: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the strongly connected groups, what is imported first (Kosaraju's two walks)."""
    above: dict[str, set[str]] = {part: set() for part in below}
    for part, targets in below.items():
        for target in targets:
            above[target].add(part)
    finished: list[str] = []
    seen: set[str] = set()
    for part in below:
        finished += _walk(part, above, seen)
    groups: list[list[str]] = []
    seen = set()
    for part in reversed(finished):
        if part not in seen:
            groups.append(sorted(_walk(part, below, seen)))
    return groups


def _walk(root: str, edges: Mapping[str, set[str]], seen: set[str]) -> list[str]:
    """Return what `root` reaches and `seen` lacks, each part after all that it reaches."""
    if root in seen:
        return []
    seen.add(root)
    finished: list[str] = []
    work = [(root, iter(sorted(edges[root])))]
    while work:
        part, targets = work[-1]
        target = next((one for one in targets if one not in seen), None)
        if target is None:
            finished.append(part)
            work.pop()
        else:
            seen.add(target)
            work.append((target, iter(sorted(edges[target]))))
    return finished
