"""Judges the changed Python files of head, and the same files as base had them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property

from guardrails.analysis.code.graph import Graph
from guardrails.analysis.code.selection import matches
from guardrails.gates.architecture.allowances import told_of
from guardrails.gates.architecture.asking.broken import BROKEN_RULE
from guardrails.gates.architecture.asking.looking import found_by
from guardrails.gates.architecture.asking.traits import Traits
from guardrails.gates.architecture.catalog import Listed, listing
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.settings import Settings
from guardrails.model.evidence import CallChain
from guardrails.model.finding import Finding, Location
from guardrails.model.frozen import field, frozen, replace
from guardrails.model.gate import Context
from guardrails.model.rule import Rule, finding_of

UNPARSABLE = "GR100"


@frozen
class Side:
    """One tree under judgement: its graph and the changed paths in it; of a change's head also base's graph
    and, for files that the change moves, where they stood."""

    graph: Graph
    settings: Settings
    changed: frozenset[str]
    today: date
    before: Graph | None = None
    origins: Mapping[str, str] = field(default_factory=dict)

    def module(self, path: str) -> Module:
        """Return one module of this tree."""
        name = self.graph.modules.name_of(path)
        facts = self.graph.code.facts(path)
        stood = self.origins.get(path, path)
        return Module(
            path, name, facts, self.graph, self.settings, self.changed, self.today, self.before, stood
        )

    def renamed(self, origins: Mapping[str, str]) -> Mapping[str, str]:
        """Return the new names of modules that the change renamed, by their old ones."""
        name_of = self.graph.modules.name_of
        return {name_of(old): name_of(new) for new, old in origins.items() if new != old}

    @cached_property
    def asked(self) -> tuple[Listed, ...]:
        """The rules that can find anything under the policy."""
        return tuple(one for one in listing() if one.may_be_asked(self.settings))

    def found_in(self, module: Module, only_spread: bool = False) -> Iterator[tuple[Rule, Found]]:
        """Yield what every rule finds; with `only_spread` what a change elsewhere may have caused."""
        traits = Traits(module)
        exempt = self.settings.exempt
        unparsable = module.facts.unparsable
        for one in self.asked:
            if unparsable and one.id != UNPARSABLE:
                continue
            if only_spread and not one.spreads:
                continue
            if one.may_find_in(traits) and not matches(module.path, exempt.get(one.id, ())):
                yield from found_by(one.check, module)

    def spread(self, renamed: Mapping[str, str]) -> frozenset[str]:
        """Return what users of the changed modules may stumble over, modules written by their new names."""
        known = self.graph.modules.paths
        paths = sorted(self.changed & known)
        self.graph.code.load(paths)
        modules = [self.module(path) for path in paths]
        return frozenset(
            _under(f"{module.name} {text}", renamed) for module in modules for text in _spread_by(module)
        )

    @cached_property
    def users(self) -> tuple[str, ...]:
        """The paths of the tree that import a changed module, directly or not, and are not changed."""
        code = self.graph.code
        every = code.modules.by_name
        facts = code.facts_by_path(every.values())
        importers: dict[str, set[str]] = {}
        for name, path in every.items():
            for target, _ in code.modules.edges(name, facts[path]):
                importers.setdefault(target, set()).add(name)
        reached = {code.modules.name_of(path) for path in self.changed}
        queue = list(reached)
        for name in queue:
            new = importers.get(name, set()) - reached
            reached |= new
            queue += sorted(new)
        paths = {every[name] for name in reached if name in every}
        return tuple(sorted(one for one in paths - self.changed if not matches(one, self.settings.ignore)))


def _spread_by(module: Module) -> Iterator[str]:
    traits = Traits(module)
    for one in listing():
        if one.may_spread(traits):
            spreads = one.check.spreads
            yield from spreads(module) if spreads else ()


def findings_of(
    context: Context, side: Side, paths: Iterable[str], users: Iterable[str]
) -> tuple[Finding, ...]:
    """Return what the rules find in the changed modules at `paths`, and in their `users` by them."""
    places = [*((side.module(path), False) for path in paths), *((side.module(path), True) for path in users)]
    found = [
        finding_in(context, rule, module, one)
        for module, only_spread in places
        for rule, one in side.found_in(module, only_spread)
    ]
    judged = [module for module, only_spread in places if not only_spread and module.facts.directives]
    return (*found, *(one for module in judged for one in idle_allowances(context, module, found)))


def idle_allowances(context: Context, module: Module, found: Iterable[Finding]) -> Iterator[Finding]:
    """Yield a finding for each comment of the module that excuses nothing of what was found."""
    today = context.clock.today()
    for rule, one, message, subject in told_of(module.path, module.facts, found, today):
        if not matches(module.path, module.settings.exempt.get(rule.id, ())):
            yield finding_in(context, rule, module, Found(one.directive.line, one.scope, message, subject))


def passes(finding: Finding, changed: frozenset[str]) -> bool:
    """Whether the way to the fault leads through a changed file."""
    chains = (one for one in finding.evidence if isinstance(one, CallChain))
    return any(step.path in changed for chain in chains for step in chain.steps)


def finding_in(context: Context, rule: Rule, module: Module, one: Found) -> Finding:
    """Return what a rule found in a module as a finding."""
    return finding_of(
        rule,
        context.effect_of(rule),
        Location(one.path or module.path, one.line, module.symbol_text(one.scope)),
        one.message,
        subject=one.subject,
        remedy=one.remedy,
        evidence=one.evidence,
    )


def fingerprints_under(findings: Iterable[Finding], renamed: Mapping[str, str]) -> Iterator[str]:
    """Yield base's fingerprints, a renamed module's under its new name, so that a rename makes none new.

    What could not be judged in base either is still unjudged in head, so it yields nothing.
    """
    for one in findings:
        if one.rule not in {UNPARSABLE, BROKEN_RULE.id}:
            location = replace(one.location, symbol=_under(one.location.symbol, renamed))
            yield replace(one, location=location, subject=_under(one.subject, renamed)).fingerprint


def _under(text: str, renamed: Mapping[str, str]) -> str:
    for old, new in renamed.items():
        text = re.sub(rf"(?<![\w.]){re.escape(old)}(?=[.:]|$)", new, text)
    return text
