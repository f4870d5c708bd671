"""The door of the architecture gate: what the change's Python code may import, call and know."""

import sys

from guardrails.analysis.code.graph import Graph
from guardrails.analysis.code.origins import origins_of
from guardrails.analysis.code.selection import matches
from guardrails.analysis.code.tree import Code
from guardrails.gates.architecture.catalog import rules_of_the_gate
from guardrails.gates.architecture.judging import (
    Side,
    base_fingerprints,
    findings_of,
    judged_paths,
)
from guardrails.gates.architecture.settings import Settings
from guardrails.model.change import Change, Stage
from guardrails.model.gate import Context, Gate
from guardrails.model.policy import Policy
from guardrails.model.rule import Report
from guardrails.model.verdict import Outcome

NAME = "architecture"
_PARSER = f"{sys.implementation.name}-{sys.version_info.major}.{sys.version_info.minor}"


def _skip(change: Change, policy: Policy) -> str | None:
    paths = judged_paths(change, policy.settings_for(NAME, Settings))
    return None if paths else "the change touches no Python code that policy wants judged"


def _run(context: Context) -> Report:
    settings = context.policy.settings_for(NAME, Settings)
    paths = judged_paths(context.change, settings)
    origins = {
        new: old
        for new, old in origins_of(context.change).items()
        if new in paths and old in context.base.entries() and not matches(old, settings.ignore)
    }
    cache = context.laboratory.cache
    head = Side(
        Graph(Code(context.head, cache, settings.roots, _PARSER)),
        settings,
        frozenset(one.path for one in context.change.files),
    )
    base = Side(
        Graph(Code(context.base, cache, settings.roots, _PARSER)), settings, frozenset(origins.values())
    )
    head.graph.code.load(paths)
    base.graph.code.load(origins.values())
    findings = tuple(findings_of(context, head, paths))
    return Report(
        findings=findings,
        base_fingerprints=tuple(base_fingerprints(context, base, origins)) if findings else (),
        facts=(f"{len(paths)} changed Python files judged by {len(rules_of_the_gate())} rules",),
    )


GATE = Gate(
    name=NAME,
    title="Architecture: layers, async code, timeouts, clocks and randomness, test detection",
    stages=frozenset({Stage.COMMIT, Stage.MERGE}),
    settings=Settings,
    settings_file="architecture.yaml",
    rules=rules_of_the_gate,
    run=_run,
    skip=_skip,
    words={"unparsable": Outcome.UNDECIDED},
)
