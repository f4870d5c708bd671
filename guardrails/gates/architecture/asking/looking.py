"""Lets each rule look at one module in its own way, and keeps one that breaks from silencing the others."""

from collections.abc import Iterator

from guardrails.analysis.code.facts import BROKEN
from guardrails.gates.architecture.asking.broken import BROKEN_RULE
from guardrails.gates.architecture.asking.syntax import findings_in_syntax
from guardrails.gates.architecture.catalog import Check
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.errors import GuardrailsError
from guardrails.model.rule import Rule


def found_by(check: Check, module: Module) -> Iterator[tuple[Rule, Found]]:
    """Yield what the rule finds in the module; where it breaks, the finding that says so."""
    rule = check.rule
    try:
        for one in _looked(check, module):
            yield rule, one
    except GuardrailsError:
        raise
    except Exception as error:  # noqa: BLE001 - what one rule cannot judge the others can; it ends as `undecided`
        yield BROKEN_RULE, _broken(rule.id, 0, 0, f"{type(error).__name__}: {error}")
    if check.marks_in is not None:
        for one in module.marks(BROKEN):
            if one.subject == rule.id:
                yield BROKEN_RULE, _broken(rule.id, one.line, one.scope, one.message)


def _looked(check: Check, module: Module) -> Iterator[Found]:
    if check.findings_in is not None:
        return check.findings_in(module)
    return module.marks(check.rule.id) if check.marks_in else findings_in_syntax(check, module)


def _broken(rule: str, line: int, scope: int, error: str) -> Found:
    return Found(line, scope, f"{rule} broke on this code: {ascii(error)[1:-1]}", f"{rule} broke")
