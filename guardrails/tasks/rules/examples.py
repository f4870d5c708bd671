"""Tries the rules of the work tree's `policies/rules/` on their own examples."""

import os
from collections.abc import Mapping
from pathlib import Path

from guardrails.adapters.box.ladder import strongest
from guardrails.adapters.cache import FileCache, user_folder
from guardrails.adapters.git.inputs import WorkTree, open_change
from guardrails.adapters.laboratory import RunLaboratory
from guardrails.adapters.policy.reader import read_policy
from guardrails.gates.architecture.team.boxed import Sources, findings_in
from guardrails.gates.architecture.team.declared import found_in, rule_of
from guardrails.gates.architecture.team.examples import failures_of
from guardrails.gates.architecture.team.programs import examined
from guardrails.model.frozen import frozen
from guardrails.model.team import DeclaredRule
from guardrails.wiring import catalog


@frozen
class Trial:
    """What came of one rule: its id or its file, how many examples it has, and what is wrong."""

    rule: str
    examples: int
    failures: tuple[str, ...]


def trials_in(repository: Path) -> tuple[Trial, ...]:
    """Return what comes of every rule of the work tree; raises PolicyError, UsageError or BoxError."""
    folder = user_folder(os.environ)
    store = FileCache(folder)
    with open_change(repository, WorkTree()) as opened:
        # Whoever writes a rule tries it before it judges anybody, so the work tree's own are read.
        policy = read_policy(opened.head, catalog().gates, store)
        rules = policy.team_rules
        trials = [_tried(one) for one in rules.declared]
        if rules.programs:
            with RunLaboratory(
                repository=opened.repository.path,
                base=opened.base,
                make_box=lambda: strongest(policy.minimum_box),
                cache=store,
                cache_folder=folder,
                seed=0,
            ) as laboratory:
                for path, source in rules.programs.items():
                    rule, examples, failures = examined(laboratory, path, source)
                    trials.append(Trial(rule, examples, failures))
        return tuple(trials)


def _tried(one: DeclaredRule) -> Trial:
    def look(files: Mapping[str, bytes]) -> list[str]:
        return findings_in(Sources(files), lambda module: found_in(one, module))

    rule = rule_of(one)
    return Trial(rule.id, len(rule.bad) + len(rule.good), tuple(failures_of(rule, look)))
