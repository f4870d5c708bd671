"""GR526: a value that looks random is added under a name such as `password`."""

from collections.abc import Iterator

from guardrails.gates.integrity.paths import Role
from guardrails.gates.integrity.tokens import secrets_in
from guardrails.gates.integrity.view import View
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

_VALUE = "q7Rz1Kp9Vb3Xm5Tn8Wd2" + "Lc4Jh6"  # joined here so that this file holds no such value

RULE = Rule(
    id="GR526",
    name="possible-secret",
    gate="integrity",
    summary="A random-looking value is added under a name that speaks of secrets.",
    why="Most such values are credentials, some are fixtures; a person can tell.",
    remedy="Read the value from the environment, or make its harmlessness plain in its text.",
    effect=Effect.REVIEW,
    bad=(
        Example(base={}, files={"app.py": f"db_password = '{_VALUE}'\n"}),
        Example(base={}, files={"deploy.yaml": f"api_key: '{_VALUE}'\n"}),
    ),
    good=(
        Example(base={}, files={"app.py": "db_password = 'changeme-changeme-changeme'\n"}),
        Example(base={}, files={"app.py": f"digest = '{_VALUE}'\n"}),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield a finding for each random-looking secret, and for each private key of the tests."""
    for file in view.change.files:
        if file.new is None or file.path.endswith((".lock", ".ipynb", ".svg")):
            continue
        known = {one.redacted for one in secrets_in(view.before(file.path))}
        for secret in secrets_in(view.after(file.path)):
            is_test_key = view.roles[file.path] is Role.TEST and secret.kind == "private key"
            if (is_test_key or not secret.is_known) and secret.redacted not in known:
                yield finding_of(
                    RULE,
                    Effect.REVIEW,
                    Location(file.path, secret.line),
                    f"{secret.kind} under a secret's name: {secret.redacted}",
                    subject=f"{secret.kind} {secret.redacted}",
                )
