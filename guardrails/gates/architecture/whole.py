"""Judges a whole tree as it stands, without a base: what `lint` shows.

A tree that was judged before by the same rules and settings is not judged again: the report is kept
under a digest of everything that it depends on.
"""

import hashlib
import marshal
from collections.abc import Collection
from functools import partial
from typing import Any

from guardrails.analysis.code.graph import Graph
from guardrails.analysis.code.selection import matches
from guardrails.analysis.code.tree import PARSER, Code
from guardrails.gates.architecture.allowances import excused, places_of
from guardrails.gates.architecture.broken import BROKEN_RULE
from guardrails.gates.architecture.catalog import hooks, hooks_at, number_of_rules
from guardrails.gates.architecture.comparison import of_the_team
from guardrails.gates.architecture.judging import Side, findings_of
from guardrails.gates.architecture.settings import NAME, Settings
from guardrails.model.evidence import CallChain, Step
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.frozen import replace
from guardrails.model.gate import Context
from guardrails.model.rule import Report

_FORMAT = 1


def report_on_tree(
    context: Context, place: str, under: Collection[str] = (), *, measures_unresolved: bool = False
) -> Report:
    """Return what head's whole tree does that it may not, in files below `under` (all, when empty).

    `place` names the tree for the cache, such as by its folder. `measures_unresolved` adds, for every
    module with calls, the share of them that nobody can follow.
    """
    settings = context.policy.settings_for(NAME, Settings)
    cache = context.laboratory.cache
    key = _key(context, settings, under)
    stored = cache.get(key)
    known = _decoded(stored) if stored is not None and not measures_unresolved else None
    if known is not None:
        return known
    code = Code(context.head, cache, settings.roots, hooks_at=partial(hooks_at, settings), place=place)
    side = Side(Graph(code), settings, frozenset(), context.clock.today())
    report = _judged(context, side, under)
    if measures_unresolved:
        return replace(report, measured=_unresolved(side.graph))
    encoded = _encoded(report)
    if encoded is not None:
        cache.put(key, encoded)
    return report


def _judged(context: Context, side: Side, under: Collection[str]) -> Report:
    code = side.graph.code
    paths = [
        path
        for path in sorted(code.modules.paths)
        if (not under or matches(path, under)) and not matches(path, side.settings.ignore)
    ]
    code.load(code.modules.paths)
    code.load_marks(paths)
    findings = (*findings_of(context, side, paths, ()), *of_the_team(context, side, paths))
    at = {path for one in findings for path, _ in places_of(one)} & code.modules.paths
    speaking = {path: code.facts(path) for path in sorted(at)}
    return Report(
        findings=findings,
        excused=tuple(excused(findings, speaking, None, context.clock.today())),
        facts=(f"{len(paths)} Python files judged by {number_of_rules()} rules",),
    )


def _unresolved(graph: Graph) -> dict[str, float]:
    counted = {name: graph.unresolved(name) for name in sorted(graph.code.modules.by_name)}
    missed, total = (sum(column) for column in zip(*counted.values(), strict=True)) if counted else (0, 0)
    shares = {f"unresolved calls: {name}": lost / calls for name, (lost, calls) in counted.items() if calls}
    return {"unresolved calls": missed / total if total else 0.0, **shares}


def _key(context: Context, settings: Settings, under: Collection[str]) -> str:
    """Return the name of the report: every input of it, hashed."""
    effects = sorted((rule, effect.value) for rule, effect in context.policy.effects.items())
    asked = (
        settings,
        effects,
        context.policy.team_rules,
        context.stage.value,
        context.clock.today().isoformat(),
        sorted(under),
    )
    parts = f"{context.head.id}\0{hooks().digest}\0{PARSER}\0{asked!r}"
    return f"lint/{_FORMAT}/{hashlib.sha256(parts.encode('utf-8', 'surrogateescape')).hexdigest()}"


def _encoded(report: Report) -> bytes | None:
    """Return the report as bytes; None for one that need not repeat itself, or whose evidence is no call chain."""
    rows = []
    for one in report.findings:
        chains = [
            [(step.symbol, step.path, step.line) for step in chain.steps]
            for chain in one.evidence
            if isinstance(chain, CallChain)
        ]
        if len(chains) != len(one.evidence) or one.rule == BROKEN_RULE.id:
            return None
        place = one.location
        said = one.message, one.remedy, one.subject
        rows.append(
            (one.rule, one.gate, one.effect.value, place.path, place.line, place.symbol, *said, chains)
        )
    return marshal.dumps((rows, [list(one) for one in report.excused], list(report.facts)))


def _decoded(stored: bytes) -> Report | None:
    try:
        rows, settled, facts = marshal.loads(stored)  # noqa: S302 - our own cache, checked by its digest
        return Report(
            tuple(_finding(row) for row in rows),
            facts=tuple(facts),
            excused=tuple((fingerprint, why) for fingerprint, why in settled),
        )
    except (ValueError, EOFError, TypeError):
        return None


def _finding(row: Any) -> Finding:
    rule, gate, effect, path, line, symbol, message, remedy, subject, chains = row
    evidence = tuple(CallChain(tuple(Step(*step) for step in steps)) for steps in chains)
    place = Location(path, line, symbol)
    return Finding(rule, gate, Effect(effect), place, message, remedy, subject, evidence)
