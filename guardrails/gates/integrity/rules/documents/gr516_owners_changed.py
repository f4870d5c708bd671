"""GR516: who may approve, or what is excepted, differs."""

from collections.abc import Iterator
from posixpath import basename

from guardrails.gates.integrity.granting import has_policy, is_grant
from guardrails.gates.integrity.paths import Role
from guardrails.gates.integrity.view import View
from guardrails.model.evidence import Before
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

RULE = Rule(
    id="GR516",
    name="owners-changed",
    gate="integrity",
    summary="CODEOWNERS, approvers, waivers or the baseline differ.",
    why="Who may say yes is as strong a control as what is asked.",
    remedy="Have a present owner, who is not the author, confirm each new name or entry.",
    effect=Effect.REVIEW,
    bad=(
        Example(base={".github/CODEOWNERS": "* @ann\n"}, files={".github/CODEOWNERS": "* @ann @bot\n"}),
        Example(base={"policies/approvers": "ann\n"}, files={"policies/approvers": "ann\nbob\n"}),
    ),
    good=(
        Example(base={"docs/OWNERS.md": "a"}, files={"docs/OWNERS.md": "b"}),
        Example(base={"policies/budgets.yaml": "a: 1\n"}, files={"policies/budgets.yaml": "a: 1 # x\n"}),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield a finding for each file that says who owns or what is excepted."""
    for file in view.change.files:
        grants = view.roles[file.path] is Role.POLICY and is_grant(file.path) and has_policy(view)
        if grants or basename(file.path) == "CODEOWNERS":
            yield finding_of(
                RULE,
                Effect.REVIEW,
                Location(file.path),
                f"{file.path!r} differs: who may approve, or what is excepted, is not what base says",
                subject=file.path,
                evidence=(Before(view.before(file.path), view.after(file.path)),),
            )
