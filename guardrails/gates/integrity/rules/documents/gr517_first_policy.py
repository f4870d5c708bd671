"""GR517: the first policy of a repository arrives."""

from collections.abc import Iterator

from guardrails.gates.integrity.granting import has_policy
from guardrails.gates.integrity.paths import Role
from guardrails.gates.integrity.view import View
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

_FILE = "policies/guardrails.yaml"

RULE = Rule(
    id="GR517",
    name="first-policy",
    gate="integrity",
    summary="The change adds the repository's first policy.",
    why="Whoever writes the first policy decides what every later change is judged by.",
    remedy="Read the policy as a whole; the built-in default judges this change.",
    effect=Effect.REVIEW,
    bad=(
        Example(base={}, files={_FILE: "stages: {}\n"}),
        Example(base={"app.py": ""}, files={"app.py": "", "policies/budgets.yaml": "a: 1\n"}),
    ),
    good=(
        Example(base={_FILE: "a: 1\n"}, files={_FILE: "a: 1\n", "policies/budgets.yaml": "b: 1\n"}),
        Example(base={}, files={"docs/policies.md": "text"}),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield one finding for a change that adds policy to a base without any."""
    added = view.files(Role.POLICY)
    if added and not has_policy(view):
        yield finding_of(
            RULE,
            Effect.REVIEW,
            Location(added[0].path),
            f"base has no policy; this change adds {', '.join(repr(one.path) for one in added)}",
            subject="policies",
        )
