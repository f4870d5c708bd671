"""Runs every lint rule over a document."""

from dataclasses import dataclass

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.lint import answers, paths, schemas, security, values
from guardrails.analysis.openapi.lint.subject import LintRule, Subject

RULES: tuple[LintRule, ...] = (
    *paths.RULES,
    *answers.RULES,
    *security.RULES,
    *schemas.RULES,
    *values.RULES,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a document: the rule, where it is, and what is wrong there."""

    rule: LintRule
    pointer: str
    message: str


def faults_of(document: Document) -> list[Fault]:
    """Return the faults of a document, by rule and in the document's order; each once."""
    subject = Subject(document)
    found = {
        (rule.id, pointer, message): Fault(rule, pointer, message)
        for rule in RULES
        for pointer, message in rule.check(subject)
    }
    return list(found.values())


def new_faults(base: Document, head: Document) -> list[Fault]:
    """Return the faults of head that base does not have at the same place."""
    known = {(one.rule.id, one.pointer) for one in faults_of(base)}
    return [one for one in faults_of(head) if (one.rule.id, one.pointer) not in known]
