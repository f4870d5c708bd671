"""Judges a whole tree as it stands, without a base: what `lint` shows.

A tree that was judged before by the same rules and settings is not judged again: the report is kept
under a digest of everything that it depends on.
"""

import hashlib
import marshal
from collections.abc import Collection, Iterator, Sequence
from functools import partial

from guardrails.analysis.code.graph import Graph, Trace
from guardrails.analysis.code.selection import matches
from guardrails.analysis.code.tree import PARSER, Code
from guardrails.gates.architecture.allowances import excused, places_of
from guardrails.gates.architecture.catalog import hooks, hooks_at, number_of_rules
from guardrails.gates.architecture.comparison import of_the_team
from guardrails.gates.architecture.judging import Side, finding_in, idle_allowances
from guardrails.gates.architecture.keeping.differences import changes_in
from guardrails.gates.architecture.keeping.memory import recall, store
from guardrails.gates.architecture.keeping.rows import finding_of_row, rows_of
from guardrails.gates.architecture.settings import NAME, Settings
from guardrails.model.finding import Finding
from guardrails.model.frozen import replace
from guardrails.model.gate import Context
from guardrails.model.rule import Report

_FORMAT = 2


def report_on_tree(
    context: Context, place: str, under: Collection[str] = (), *, measures_unresolved: bool = False
) -> Report:
    """Return what head's whole tree does that it may not, in files below `under` (all, when empty).

    `place` names the tree for the cache, such as by its folder. `measures_unresolved` adds, for every
    module with calls, the share of them that nobody can follow.
    """
    settings = context.policy.settings_for(NAME, Settings)
    cache = context.laboratory.cache
    key = _key("lint", context, settings, (context.head.id, sorted(under), context.policy.team_rules))
    stored = cache.get(key)
    known = _decoded(stored) if stored is not None and not measures_unresolved else None
    if known is not None:
        return known
    code = Code(context.head, cache, settings.roots, hooks_at=partial(hooks_at, settings), place=place)
    judgement = _Judgement(context, code, settings, place)
    report = judgement.report(under)
    if measures_unresolved:
        return replace(report, measured=_unresolved(judgement.side.graph))
    encoded = _encoded(report)
    if encoded is not None:
        cache.put(key, encoded)
    return report


class _Judgement:
    """Judges a tree file by file, those anew for which something changed since the last time."""

    def __init__(self, context: Context, code: Code, settings: Settings, place: str) -> None:
        self._context = context
        self._code = code
        self._cache = context.laboratory.cache
        files = hashlib.sha256("\0".join(sorted(context.head.entries())).encode("utf-8", "surrogateescape"))
        self._key = _key("judged", context, settings, (place, files.hexdigest()))
        self._memory = recall(self._cache, self._key)
        self._refresh()
        graph = Graph(code, self._memory.barren())
        self.side = Side(graph, settings, frozenset(), context.clock.today())

    def _refresh(self) -> None:
        """Forget what an edit since the last time may have changed, and read what is new."""
        code, memory = self._code, self._memory
        blobs = {path: one.blob for path, one in self._context.head.entries().items()}
        paths = code.modules.paths
        changed = frozenset(path for path in paths if memory.blobs.get(path) != blobs[path])
        # Reading new files drops what is kept of the old ones.
        before = code.known_facts({path: memory.blobs[path] for path in changed if path in memory.blobs})
        code.load(paths)
        if memory.blobs:
            memory.forget(changes_in(changed, before, code.facts_by_path(changed), code.modules))
        memory.blobs = blobs
        memory.edits += 1

    def report(self, under: Collection[str]) -> Report:
        """Return what the files below `under` do that they may not."""
        context, side = self._context, self.side
        paths = [
            path
            for path in sorted(self._code.modules.paths)
            if (not under or matches(path, under)) and not matches(path, side.settings.ignore)
        ]
        ruled = self._ruled(paths)
        speaking = [path for path in paths if path not in self._memory or self._memory.kept(path).speaks]
        modules = (side.module(path) for path in speaking)
        idle = (one for module in modules for one in idle_allowances(context, module, ruled))
        findings = (*ruled, *idle, *of_the_team(context, side, paths))
        at = {path for one in findings for path, _ in places_of(one)} & self._code.modules.paths
        silent = {path for path in at if path in self._memory and not self._memory.kept(path).speaks}
        spoken = {path: self._code.facts(path) for path in sorted(at - silent)}
        return Report(
            findings=findings,
            excused=tuple(excused(findings, spoken, None, context.clock.today())),
            facts=(f"{len(paths)} Python files judged by {number_of_rules()} rules",),
        )

    def _ruled(self, paths: Sequence[str]) -> list[Finding]:
        """Return what the rules find in the files, in their order."""
        anew = [path for path in paths if path not in self._memory]
        self._code.load_marks(anew)
        found = {path: self._found_in(path) for path in anew}
        if anew:
            self._memory.learn(self.side.graph)
            store(self._cache, self._key, self._memory)
        return [one for path in paths for one in (found[path] if path in found else self._kept(path))]

    def _kept(self, path: str) -> Iterator[Finding]:
        return map(finding_of_row, self._memory.kept(path).rows)

    def _found_in(self, path: str) -> list[Finding]:
        module, graph, trace = self.side.module(path), self.side.graph, Trace()
        with graph.traced(trace):
            found = [finding_in(self._context, rule, module, one) for rule, one in self.side.found_in(module)]
        rows = rows_of(found)
        if rows is not None:
            self._memory.keep(path, rows, trace, graph, speaks=bool(module.facts.directives))
        return found


def _unresolved(graph: Graph) -> dict[str, float]:
    counted = {name: graph.unresolved(name) for name in sorted(graph.modules.by_name)}
    missed, total = (sum(column) for column in zip(*counted.values(), strict=True)) if counted else (0, 0)
    shares = {f"unresolved calls: {name}": lost / calls for name, (lost, calls) in counted.items() if calls}
    return {"unresolved calls": missed / total if total else 0.0, **shares}


def _key(what: str, context: Context, settings: Settings, more: object) -> str:
    """Return the name of what is kept: every input of it, hashed."""
    effects = sorted((rule, effect.value) for rule, effect in context.policy.effects.items())
    asked = (settings, effects, context.stage.value, context.clock.today().isoformat(), more)
    parts = f"{hooks().digest}\0{PARSER}\0{asked!r}"
    return f"{what}/{_FORMAT}/{hashlib.sha256(parts.encode('utf-8', 'surrogateescape')).hexdigest()}"


def _encoded(report: Report) -> bytes | None:
    """Return the report as bytes; None for one that need not repeat itself, or whose evidence is no call chain."""
    rows = rows_of(report.findings)
    if rows is None:
        return None
    return marshal.dumps((rows, [list(one) for one in report.excused], list(report.facts)))


def _decoded(stored: bytes) -> Report | None:
    try:
        rows, settled, facts = marshal.loads(stored)  # noqa: S302 - our own cache, checked by its digest
        return Report(
            tuple(finding_of_row(row) for row in rows),
            facts=tuple(facts),
            excused=tuple((fingerprint, why) for fingerprint, why in settled),
        )
    except (ValueError, EOFError, TypeError):
        return None
