"""The whole contract between the engine and a gate, on one page."""

from collections.abc import Callable, Mapping

from guardrails.model.change import Change, Stage
from guardrails.model.finding import Effect
from guardrails.model.frozen import field, frozen
from guardrails.model.policy import Policy, Service
from guardrails.model.ports import Clock, Laboratory, Tree
from guardrails.model.rule import Report, Rule
from guardrails.model.verdict import Outcome


@frozen
class Context:
    """All that a gate may know: the change, both trees, base's policy, and the ports."""

    change: Change
    base: Tree
    head: Tree
    stage: Stage
    policy: Policy
    services: tuple[Service, ...]
    laboratory: Laboratory
    clock: Clock

    def effect_of(self, rule: Rule) -> Effect:
        """Return what a finding of `rule` does here, base's overrides applied."""
        return rule.effect_at(self.stage, self.policy.effects)


def _always(change: Change, policy: Policy) -> str | None:
    del change, policy
    return None


def unless_a_contract_is_concerned(change: Change, policy: Policy) -> str | None:
    """Return why gates that compare a service with its contract have nothing to do, if so."""
    services = [service for service in policy.services if service.contract]
    if not services:
        return "policy names no service with a contract folder"
    if not any(service.concerns(file.path) for service in services for file in change.files):
        return "no file of a service changed"
    return None


@frozen
class Gate:
    """One kind of judgement. A gate's folder exports this as `GATE` from its `gate.py`.

    `settings` is a frozen dataclass with a default for every field, parsed from
    `policies/<settings_file>`. `skip` may name, from policy and the change's paths alone, why
    there is nothing to judge. `words` tells how the gate's own words map to outcomes.
    `needs_quiet` keeps other gates off the machine while it runs.
    """

    name: str
    title: str
    stages: frozenset[Stage]
    settings: type[object]
    rules: Callable[[], tuple[Rule, ...]]
    run: Callable[[Context], Report]
    settings_file: str = ""
    skip: Callable[[Change, Policy], str | None] = _always
    words: Mapping[str, Outcome] = field(default_factory=dict)
    needs_quiet: bool = False
    dynamic: bool = False
    seconds: Mapping[Stage, float] = field(default_factory=dict)
