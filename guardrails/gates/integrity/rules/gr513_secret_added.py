"""GR513: a credential of a known format is added."""

from collections.abc import Iterator

from guardrails.gates.integrity.paths import Role
from guardrails.gates.integrity.tokens import secrets_in
from guardrails.gates.integrity.view import View
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

_TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"  # joined here so that this file holds no token

RULE = Rule(
    id="GR513",
    name="secret-added",
    gate="integrity",
    summary="A credential of a known format stands in the change.",
    why="What is committed stays in history for ever and must be treated as public.",
    remedy="Take it out, revoke it, and read it from the environment at run time.",
    effect=Effect.BLOCK,
    final=True,
    bad=(
        Example(base={}, files={"app.py": f"TOKEN = '{_TOKEN}'\n"}),
        Example(base={"app.env": ""}, files={"app.env": "AWS_KEY=AKIA" + "Z7Q2W9E4R6T1Y3U5\n"}),
    ),
    good=(
        Example(base={}, files={"app.py": "TOKEN = os.environ['TOKEN']\n"}),
        Example(base={}, files={"docs/use.md": "export AWS_KEY=AKIA" + "IOSFODNN7EXAMPLE\n"}),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield a finding for each known credential that head adds; keys of tests are GR526's."""
    for file in view.change.files:
        if file.new is None:
            continue
        known = {one.redacted for one in secrets_in(view.before(file.path))}
        for secret in secrets_in(view.after(file.path)):
            is_test_key = view.roles[file.path] is Role.TEST and secret.kind == "private key"
            if secret.is_known and not is_test_key and secret.redacted not in known:
                yield finding_of(
                    RULE,
                    Effect.BLOCK,
                    Location(file.path, secret.line),
                    f"{secret.kind} added: {secret.redacted}",
                    subject=f"{secret.kind} {secret.redacted}",
                )
