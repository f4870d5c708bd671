"""Findings as plain rows, which are quick to store and to load, and back."""

from collections.abc import Iterable
from typing import Any

from guardrails.gates.architecture.asking.broken import BROKEN_RULE
from guardrails.model.evidence import CallChain, Step
from guardrails.model.finding import Effect, Finding, Location

Row = tuple[Any, ...]


def rows_of(findings: Iterable[Finding]) -> tuple[Row, ...] | None:
    """Return the findings as rows; None for one that need not repeat itself, or whose evidence is no call chain."""
    rows = []
    for one in findings:
        chains = tuple(
            tuple((step.symbol, step.path, step.line) for step in chain.steps)
            for chain in one.evidence
            if isinstance(chain, CallChain)
        )
        if len(chains) != len(one.evidence) or one.rule == BROKEN_RULE.id:
            return None
        place = one.location
        said = one.message, one.remedy, one.subject
        rows.append(
            (one.rule, one.gate, one.effect.value, place.path, place.line, place.symbol, *said, chains)
        )
    return tuple(rows)


def finding_of_row(row: Row) -> Finding:
    """Return the finding; raises ValueError or TypeError when the row is none."""
    rule, gate, effect, path, line, symbol, message, remedy, subject, chains = row
    evidence = tuple(CallChain(tuple(Step(*step) for step in steps)) for steps in chains)
    place = Location(path, line, symbol)
    return Finding(rule, gate, Effect(effect), place, message, remedy, subject, evidence)
