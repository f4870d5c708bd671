"""Judges a change by the rules of the integrity gate that look at what it holds.

The static rules are found by scanning `rules/` and its folders; at the merge stage base's tests then run on
head's code. What the second part cannot judge never hides what the first part found.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Protocol

from guardrails.gates.integrity import rules
from guardrails.gates.integrity.settings import IntegritySettings
from guardrails.gates.integrity.view import View
from guardrails.model.change import Stage
from guardrails.model.finding import Finding
from guardrails.model.frozen import replace
from guardrails.model.gate import Context
from guardrails.model.rule import Report, Rule

# A change of product code alone, the usual one, is spared the parsers and tables of the other two.
_FOLDERS: Mapping[str, Callable[[View], bool]] = {
    "": lambda view: True,  # noqa: ARG005 - as the others
    "documents": lambda view: view.holds_documents,
    "suites": lambda view: view.holds_suites,
}


class RuleModule(Protocol):
    """What a file under `rules/` offers: the rule, and the findings of it in a change."""

    __name__: str
    RULE: Rule
    findings_in: Callable[[View], Iterator[Finding]]


def rule_modules(view: View | None = None) -> tuple[RuleModule, ...]:
    """Return the modules under `rules/` in order of their rule ids; with `view` those that can find something."""
    names = {
        name.removesuffix(".py"): folder
        for folder, concerns in _FOLDERS.items()
        if view is None or concerns(view)
        for name in os.listdir(f"{rules.__path__[0]}/{folder}")  # noqa: PTH208 - a glob costs a hook 1 ms
        if name.startswith("gr") and name.endswith(".py")
    }
    return tuple(_loaded(f"{names[stem]}.{stem}".lstrip(".")) for stem in sorted(names))


def _loaded(name: str) -> RuleModule:
    module: RuleModule = import_module(f"{rules.__name__}.{name}")
    return module


def all_rules() -> tuple[Rule, ...]:
    """Return every rule of this gate."""
    from guardrails.gates.integrity.overlay.rules import RULES  # noqa: PLC0415 - a clean change needs none of it

    return (*(one.RULE for one in rule_modules()), *RULES)


def report_on(context: Context) -> Report:
    """Return what tampers in the change, base's overrides of effects applied."""
    settings = context.policy.settings_for("integrity", IntegritySettings)
    view = View(context.change, context.base, context.head, settings, context.policy.allowed_packages)
    findings = [one for module in rule_modules(view) for one in module.findings_in(view)]
    tests = len(view.pairing.pairs) + len(view.pairing.removed) if view.holds_suites else 0
    facts = [f"{tests} tests of base compared in changed files"]
    if context.stage is Stage.MERGE and context.services:
        # Imported here so that a commit hook does not pay for what only runs at merge.
        from guardrails.gates.integrity.overlay.judgement import report_on as overlay_report  # noqa: PLC0415

        ran = overlay_report(view, context.services, context.laboratory)
        findings += ran.findings
        facts += ran.facts
    rules_by_id = {rule.id: rule for rule in all_rules()} if findings else {}
    softened = tuple(_softened(one, rules_by_id[one.rule], context) for one in findings)
    return Report(findings=softened, facts=tuple(facts))


def _softened(finding: Finding, rule: Rule, context: Context) -> Finding:
    """Return the finding with the effect that policy gives its rule, where it gives one."""
    if rule.final or rule.id not in context.policy.effects:
        return finding
    return replace(finding, effect=context.policy.effects[rule.id])
