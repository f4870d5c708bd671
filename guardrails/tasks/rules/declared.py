"""The rules that a work tree's `policies/rules/` says in data, for whoever asks what one of them is."""

import os
from pathlib import Path

from guardrails.adapters.cache import FileCache, user_folder
from guardrails.adapters.git.inputs import WorkTree, open_change
from guardrails.adapters.policy.reader import read_policy
from guardrails.gates.architecture.team.declared import rule_of
from guardrails.model.errors import UsageError
from guardrails.model.rule import Rule
from guardrails.wiring import catalog


def declared_in(repository: Path) -> tuple[Rule, ...]:
    """Return the rules; none where there is no repository or no policy that can be read."""
    try:
        with open_change(repository, WorkTree()) as opened:
            policy = read_policy(opened.head, catalog().gates, FileCache(user_folder(os.environ)))
    except UsageError:
        return ()
    return tuple(map(rule_of, policy.team_rules.declared))
