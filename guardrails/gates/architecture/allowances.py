"""Comments that let a finding stand for a while, and what is said of those that let nothing stand.

`# guardrails: allow[GR102] until=2027-01-31 reason="the driver has no async API" ticket=PAY-12`
on the faulty statement, above it, or on the line of the `def` or `class` around it. The day is
inclusive. One that is malformed or past its day excuses nothing and is a finding of its own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from guardrails.analysis.code.facts import Directive, Facts
from guardrails.gates.architecture.example import example
from guardrails.model.evidence import CallChain
from guardrails.model.finding import Effect, Finding
from guardrails.model.frozen import frozen
from guardrails.model.rule import Rule

# Compiled when they are first used: few files speak to us.
_ALLOW = r"#+\s*guardrails:\s*allow\[([^\]]*)\](.*)\Z"
_PART = r'\s+(?:until=(?P<until>\S+)|reason="(?P<reason>[^"]*)"|ticket=(?P<ticket>\S+))'
_OWN = r"GR\d"
_RULE_ID = r"(?:GR1\d\d|(?!GR\d)[A-Z][A-Z0-9]{0,15}\d)\Z"

INVALID_ALLOWANCE = Rule(
    id="GR107",
    name="invalid-allowance",
    gate="architecture",
    summary="A comment that should let a finding stand is malformed or past its day, so it lets nothing stand.",
    why="An exception without an end or a reason is how rules die. Tools that skip a comment which they cannot "
    "read leave people believing that it works.",
    remedy='Write `# guardrails: allow[RULE] until=YYYY-MM-DD reason="..."` with a day to come, or mend the code '
    "and remove the comment.",
    effect=Effect.REVIEW,
    bad=(
        example("import os  # guardrails: allow[GR103]\n"),
        example('import os  # guardrails: allow[GR103] until=2020-01-01 reason="soon"\n'),
        example('import os  # guardrails: ignore[GR103] until=2999-01-01 reason="soon"\n'),
    ),
    good=(
        example("import os  # the guardrails of this bridge\n"),
        example('NOTE = "# guardrails: allow[GR103]"\n'),
        example("import os\n"),
    ),
)
UNUSED_ALLOWANCE = Rule(
    id="GR108",
    name="unused-allowance",
    gate="architecture",
    summary="A comment lets a finding stand that is not there.",
    why="What it excused has been mended, or it never stood where the fault is; left behind, it excuses the next "
    "fault that somebody writes there.",
    remedy="Remove the comment, or put it on the faulty statement.",
    effect=Effect.NOTE,
    bad=(
        example('import os  # guardrails: allow[GR103] until=2999-01-01 reason="soon"\n'),
        example('# guardrails: allow[GR103] until=2999-01-01 reason="soon"\ndef rank():\n    return []\n'),
        example('def rank():  # guardrails: allow[GR103] until=2999-01-01 reason="soon"\n    return []\n'),
    ),
    good=(
        example("import os\n"),
        example("def rank():  # guardrails keep this pure\n    return []\n"),
        example('NOTE = "# guardrails: allow[GR103]"\n'),
    ),
)


@frozen
class Allowance:
    """One comment: the lines that it covers, its rules, its last day, and what is wrong with it, if anything."""

    directive: Directive
    first: int
    last: int
    scope: int
    rules: tuple[str, ...] = ()
    until: date | None = None
    reason: str = ""
    problem: str = ""

    def invalid(self, today: date) -> str:
        """Return why the comment excuses nothing on that day; empty when it does."""
        if self.problem or self.until is None:
            return self.problem
        return f"it ended on {self.until}" if self.until < today else ""

    def covers(self, rule: str, line: int) -> bool:
        """Whether the comment names the rule and stands at that line of its file."""
        return rule in self.rules and self.first <= line <= self.last


def allowances_in(facts: Facts) -> tuple[Allowance, ...]:
    """Return every comment of the file that speaks to us."""
    return tuple(_read(facts, one) for one in facts.directives)


def excused(
    findings: Iterable[Finding], head: Mapping[str, Facts], base: Mapping[str, Facts] | None, today: date
) -> Iterator[tuple[str, str]]:
    """Yield (fingerprint, why) of each finding that a comment excuses.

    `head` and `base` hold facts by head's path. With `base`, a comment counts only if base has the
    same one at the same statement of the same symbol, so that no change excuses itself; with None
    the tree is looked at as it is.
    """
    valid = {
        path: [one for one in allowances_in(facts) if not one.invalid(today)] for path, facts in head.items()
    }
    granted = {
        path: {_identity(facts, one) for one in allowances_in(facts)} for path, facts in (base or {}).items()
    }
    for finding in findings:
        reason = next(
            (
                f"allowed until {one.until}: {one.reason}"
                for path, line in places_of(finding)
                for one in valid.get(path, ())
                if one.covers(finding.rule, line)
                and (base is None or _identity(head[path], one) in granted.get(path, ()))
            ),
            None,
        )
        if reason is not None:
            yield finding.fingerprint, reason


def places_of(finding: Finding) -> Iterator[tuple[str, int]]:
    """Yield where a comment may excuse the finding: its place, and each call on the way to the fault."""
    yield finding.location.path, finding.location.line
    for one in finding.evidence:
        if isinstance(one, CallChain):
            yield from ((step.path, step.line) for step in one.steps)


def _identity(facts: Facts, one: Allowance) -> tuple[str, str, str]:
    return facts.scopes[one.scope].name, one.directive.text, one.directive.code


def _read(facts: Facts, one: Directive) -> Allowance:
    scope = facts.scope_at(one.first)
    held = facts.scopes[scope]
    whole = held.kind != "module" and one.first <= held.line <= one.last
    place = Allowance(one, one.first, held.end if whole else one.last, scope)
    match = re.match(_ALLOW, one.text)
    if match is None:
        return _wrong(place, "it does not read `guardrails: allow[RULE]`")
    rules = tuple(text.strip() for text in match[1].split(","))
    if foreign := [text for text in rules if not re.match(_RULE_ID, text)]:
        return _wrong(
            place, f"{foreign[0]!a} is no rule of the architecture gate, and a comment can allow no other"
        )
    parts = {
        key: text for part in re.finditer(_PART, match[2]) for key, text in part.groupdict().items() if text
    }
    if rest := re.sub(_PART, "", match[2]).strip():
        return _wrong(place, f'{rest!a} is none of until=YYYY-MM-DD, reason="..." and ticket=...')
    return _dated(place, rules, parts)


def _dated(place: Allowance, rules: tuple[str, ...], parts: Mapping[str, str]) -> Allowance:
    try:
        until = date.fromisoformat(parts.get("until", ""))
    except ValueError:
        said = f"until={parts['until']} is no day" if "until" in parts else "it has no until=YYYY-MM-DD"
        return _wrong(place, said)
    reason = parts.get("reason", "").strip()
    if not reason:
        return _wrong(place, 'it has no reason="..."')
    return Allowance(place.directive, place.first, place.last, place.scope, rules, until, reason)


def _wrong(place: Allowance, problem: str) -> Allowance:
    return Allowance(place.directive, place.first, place.last, place.scope, problem=problem)


def told_of(
    path: str, facts: Facts, findings: Iterable[Finding], today: date
) -> Iterator[tuple[Rule, Allowance, str, str]]:
    """Yield (rule, comment, message, subject) for each comment in the file at `path` that excuses nothing."""
    found = {(one.rule, line) for one in findings for place, line in places_of(one) if place == path}
    for one in allowances_in(facts):
        if problem := one.invalid(today):
            yield INVALID_ALLOWANCE, one, f"a comment excuses nothing: {problem}", one.directive.text
            continue
        # What a team's own rules find is not known here.
        for rule in (each for each in one.rules if re.match(_OWN, each)):
            if not any(one.covers(*each) for each in found if each[0] == rule):
                message = f"a comment allows {rule}, which is not found there"
                yield UNUSED_ALLOWANCE, one, message, f"{rule} {one.directive.code}"
