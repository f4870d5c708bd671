"""Which policy files grant exceptions, and whether base has any policy at all."""

from guardrails.gates.integrity.paths import Role, role_of
from guardrails.gates.integrity.view import View

_GRANTS = frozenset({"waivers", "approvers", "baseline", "disputes", "allowed_signers"})


def has_policy(view: View) -> bool:
    """Return whether base has any policy to be changed."""
    return any(role_of(path, view.settings) is Role.POLICY for path in view.base.entries())


def is_grant(path: str) -> bool:
    """Return whether a policy file grants exceptions instead of stating rules."""
    return path.rsplit("/", 1)[-1].split(".", maxsplit=1)[0] in _GRANTS
