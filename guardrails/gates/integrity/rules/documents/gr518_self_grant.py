"""GR518: the change grants itself, or the next one, an exception."""

from collections import Counter
from collections.abc import Iterator

from guardrails.gates.integrity.granting import has_policy, is_grant
from guardrails.gates.integrity.paths import Role
from guardrails.gates.integrity.view import View
from guardrails.model.evidence import Before
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

_WAIVER = "- fingerprint: abc\n  rule: GR101\n  owner: me\n  reason: quick\n  expires: 2027-01-01\n"

RULE = Rule(
    id="GR518",
    name="self-grant",
    gate="integrity",
    summary="A change to product code brings its own waiver, approver or baseline entry.",
    why="Who writes the code may not also write the exception for it.",
    remedy="Take the entry out; a policy owner adds it in a change without product code.",
    effect=Effect.BLOCK,
    final=True,
    bad=(
        Example(
            base={"policies/waivers.yaml": "", "app.py": "a = 1\n"},
            files={"policies/waivers.yaml": _WAIVER, "app.py": "a = 2\n"},
        ),
        Example(
            base={"policies/approvers": "ann@example.org\n", "app.py": "a = 1\n"},
            files={"policies/approvers": "ann@example.org\nme@example.org\n", "app.py": "a = 2\n"},
        ),
    ),
    good=(
        Example(base={"policies/waivers.yaml": ""}, files={"policies/waivers.yaml": _WAIVER}),
        Example(
            base={"policies/waivers.yaml": _WAIVER, "app.py": "a = 1\n"},
            files={"policies/waivers.yaml": "", "app.py": "a = 2\n"},
        ),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield a finding for each grant that gained an entry beside product code."""
    if not view.changes_product or not view.files(Role.POLICY) or not has_policy(view):
        return
    for file in view.files(Role.POLICY):
        if not is_grant(file.path) or "disputes" in file.path:
            continue
        gained = _lines(view.after(file.path)) - _lines(view.before(file.path))
        if gained:
            yield finding_of(
                RULE,
                Effect.BLOCK,
                Location(file.path),
                f"{file.path!r} gains an entry in the same change as product code",
                subject=file.path,
                evidence=(Before("", "\n".join(sorted(gained))),),
            )


def _lines(text: str) -> Counter[str]:
    lines = (line.split("#", 1)[0].strip() for line in text.splitlines())
    return Counter(line for line in lines if line and line not in {"[]", "[", "]", "{}", "{", "}"})
