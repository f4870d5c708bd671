"""Compares what the rules find in head with what they find in base, where the change can matter."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from guardrails.analysis.code.facts import Facts
from guardrails.analysis.code.graph import Graph
from guardrails.analysis.code.origins import origins_of
from guardrails.analysis.code.selection import matches
from guardrails.analysis.code.tree import Code
from guardrails.gates.architecture.allowances import excused, places_of
from guardrails.gates.architecture.catalog import hooks_at, learn, number_of_rules
from guardrails.gates.architecture.judging import Side, findings_of, fingerprints_under, passes
from guardrails.gates.architecture.paths import judged_paths, of_features
from guardrails.gates.architecture.settings import NAME, Settings
from guardrails.model.finding import Finding
from guardrails.model.frozen import replace
from guardrails.model.gate import Context
from guardrails.model.ports import Tree
from guardrails.model.rule import Report


def report_on(context: Context) -> Report:
    """Return what the change's code does that it may not, and what of it base did too."""
    settings = context.policy.settings_for(NAME, Settings)
    learn(context.laboratory.cache)
    paths = judged_paths(context.change, settings)
    origins = {
        new: old
        for new, old in origins_of(context.change).items()
        if new in paths and old in context.base.entries() and not matches(old, settings.ignore)
    }
    changed = frozenset(one.path for one in context.change.files)
    base = _side(context, context.base, changed)
    head = replace(_side(context, context.head, changed), before=base.graph, origins=origins)
    beside = of_features(context.change, settings, head.graph.modules.by_name)
    paths = (*paths, *(one for one in beside if one not in paths))
    origins |= {one: one for one in beside if one in context.base.entries()}
    renamed = head.renamed(origins)
    spread = head.spread({})
    users = head.users if spread and spread - base.spread(renamed) else ()
    findings = (*findings_of(context, head, paths, users), *of_the_team(context, head, paths))
    old = tuple(_stood(context, base, origins, users, renamed)) if findings else ()
    own = set(paths)
    today = context.clock.today()
    return Report(
        findings=tuple(
            one
            for one in findings
            if one.location.path in own or passes(one, changed) or one.fingerprint not in old
        ),
        base_fingerprints=old,
        excused=tuple(excused(findings, *_spoken(head, base, findings, origins), today)),
        facts=(f"{len(paths)} changed Python files judged by {number_of_rules()} rules",),
    )


def _stood(
    context: Context, base: Side, origins: Mapping[str, str], users: Sequence[str], renamed: Mapping[str, str]
) -> Iterator[str]:
    """Yield the fingerprints of what base does too, in the judged files and in their users."""
    before = (
        *findings_of(
            context, base, origins.values(), [path for path in users if path in context.base.entries()]
        ),
        *of_the_team(context, base, tuple(origins.values())),
    )
    yield from fingerprints_under(before, renamed)


def of_the_team(context: Context, side: Side, paths: Sequence[str]) -> tuple[Finding, ...]:
    """Return what the team's own rules find in files of one tree."""
    if not context.policy.team_rules:
        return ()
    # Most repositories have no rules of their own, and a hook must not pay for those of others.
    from guardrails.gates.architecture.team.judging import team_findings  # noqa: PLC0415

    return team_findings(context, side, paths)


def _spoken(
    head: Side, base: Side, findings: Iterable[Finding], origins: Mapping[str, str]
) -> tuple[Mapping[str, Facts], Mapping[str, Facts]]:
    """Return head's files with findings that speak to us, and what base has in place of each."""
    code, before = head.graph.code, base.graph.code
    paths = {path for one in findings for path, _ in places_of(one)} & code.modules.paths
    speaking = {path: code.facts(path) for path in sorted(paths) if code.facts(path).directives}
    stood = {path: origins.get(path, path) for path in speaking}
    return speaking, {path: before.facts(old) for path, old in stood.items() if old in before.modules.paths}


def _side(context: Context, tree: Tree, changed: frozenset[str]) -> Side:
    settings = context.policy.settings_for(NAME, Settings)
    code = Code(tree, context.laboratory.cache, settings.roots, hooks_at=partial(hooks_at, settings))
    return Side(Graph(code), settings, changed, context.clock.today())
