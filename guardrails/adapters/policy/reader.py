"""A tree's `policies/` folder into the Policy that judges: the only way in which policy is read.

Gates hand in their settings types; this code knows none of them. Whatever is not exactly right
is a PolicyError with file, line and remedy, for a policy that is half read half protects.
"""

from collections.abc import Collection, Mapping, Sequence

from guardrails.adapters.policy.built_in import default_policy
from guardrails.adapters.policy.decode import DecodeError, decode, decode_list, nearest
from guardrails.adapters.policy.files import (
    APPROVERS,
    BASELINE,
    DEPENDENCIES,
    FOLDER,
    GUARDRAILS,
    WAIVERS,
    BaselineFile,
    DependenciesFile,
    GuardrailsFile,
    WaiverEntry,
)
from guardrails.adapters.policy.folder import Folder, check_names, folder_of, misnamed, placing, plain_data
from guardrails.adapters.policy.plain import Plain, shown
from guardrails.adapters.policy.services import checked
from guardrails.adapters.policy.team import data_files, rule_files, team_rules
from guardrails.model.change import Stage
from guardrails.model.finding import Effect
from guardrails.model.frozen import replace
from guardrails.model.gate import Gate
from guardrails.model.policy import Policy, StagePlan
from guardrails.model.ports import Cache, Tree
from guardrails.model.team import TeamRules
from guardrails.model.waiver import Baseline, Waiver

_OWN_FILES = (GUARDRAILS, WAIVERS, BASELINE, DEPENDENCIES, APPROVERS)
_NO_POLICY = (
    f"base has no {FOLDER}/{GUARDRAILS}, so the built-in default judges; add the file to choose gates"
)


def read_policy(
    tree: Tree, gates: Sequence[Gate], cache: Cache, *, source: str = "", elsewhere: Collection[str] = ()
) -> Policy:
    """Return what `policies/` of `tree` says; the built-in default where it has no guardrails.yaml.

    `source` tells readers where it came from. `elsewhere` names files (and folders, with a slash
    at their end) under `policies/` that others read. Raises PolicyError for anything not accepted.
    """
    folder = folder_of(tree)
    settings_files = _settings_files(gates)
    known = (*_OWN_FILES, *settings_files)
    if GUARDRAILS not in folder.entries:
        if error := misnamed(folder):
            raise error
        return default_policy(gates, _notes_without_policy(folder, known))
    check_names(folder, (*known, *rule_files(folder)), elsewhere)
    data = plain_data(folder, (*known, *data_files(folder)), cache)
    policy = _policy(folder, data, gates)
    settings = {gate.name: _settings(folder, data, gate) for gate in settings_files.values()}
    return replace(policy, settings=settings, source=source or f"{FOLDER}/ at {tree.id[:12]}")


def _notes_without_policy(folder: Folder, known: Collection[str]) -> tuple[str, ...]:
    idle = [f"{FOLDER}/{name}" for name in sorted(known) if name in folder.entries]
    return (
        _NO_POLICY,
        *(f"{path} is not read, for there is no {FOLDER}/{GUARDRAILS} beside it" for path in idle),
    )


def _settings_files(gates: Sequence[Gate]) -> Mapping[str, Gate]:
    """Return the gates by their settings file; two gates with one file are our own fault."""
    found: dict[str, Gate] = {}
    for gate in gates:
        if not gate.settings_file:
            continue
        if gate.settings_file in found or gate.settings_file in _OWN_FILES:
            raise ValueError(f"{gate.settings_file} of the {gate.name} gate already has a reader")
        found[gate.settings_file] = gate
    return found


def _settings(folder: Folder, data: Mapping[str, Plain], gate: Gate) -> object:
    """Return the gate's own settings, its defaults when it has no file."""
    with placing(folder, gate.settings_file):
        return decode(data.get(gate.settings_file), gate.settings)


def _policy(folder: Folder, data: Mapping[str, Plain], gates: Sequence[Gate]) -> Policy:
    """Return all of the policy but the gates' settings."""
    with placing(folder, GUARDRAILS):
        said = decode(data[GUARDRAILS], GuardrailsFile)
        services = checked(said.services)
        stages = _stages(said, gates)
        effects = _effects(said, gates)
        approvers = _approvers(data)
        _check_approvals(said, approvers, gates)
    return Policy(
        stages=stages,
        services=services,
        effects=effects,
        waivers=_waivers(folder, data),
        baseline=_baseline(folder, data),
        approvers=approvers,
        approvals=said.approvals,
        repository=said.repository,
        allowed_packages=_allowed_packages(folder, data),
        allows_disputes=said.disputes,
        allows_break_glass=said.break_glass,
        minimum_box=said.minimum_box,
        target=said.target,
        harness=said.harness,
        digest=folder.digest,
        team_rules=team_rules(folder, data) if rule_files(folder) else TeamRules(),
    )


def _stages(said: GuardrailsFile, gates: Sequence[Gate]) -> Mapping[Stage, StagePlan]:
    """Return the plan of each stage: as stated, else every gate that judges at it; none runs code at commit."""
    plans = {
        stage: StagePlan(tuple(gate.name for gate in gates if stage in gate.stages))
        for stage in (Stage.COMMIT, Stage.MERGE)
    }
    known = [gate.name for gate in gates]
    for stage, names in said.stages.items():
        at = ("stages", stage.value)
        if not names:
            message = f"stages.{stage} names no gate; name one, or delete the line for the default"
            raise DecodeError(at, message)
        for number, name in enumerate(names):
            if name not in known:
                raise DecodeError((*at, number), f"there is no gate {shown(name)}; {_choice(name, known)}")
            if name in names[:number]:
                raise DecodeError((*at, number), f"the gate {name} is named twice; delete one of the two")
        plans[stage] = StagePlan(names)
    return plans


def _effects(said: GuardrailsFile, gates: Sequence[Gate]) -> Mapping[str, Effect]:
    """Return the effects by rule id; gates are asked for their rules only when there is something to check."""
    if not said.rules:
        return {}
    rules = {rule.id: rule for gate in gates for rule in gate.rules()}
    for key in said.rules:
        if key not in rules:
            message = f"no gate has a rule {shown(key)}; {_choice(key, sorted(rules))}"
            raise DecodeError(("rules", key), message, at_key=True)
        if rules[key].final:
            message = f"{key} ({rules[key].name}) is final, no policy changes its effect; delete the line"
            raise DecodeError(("rules", key), message, at_key=True)
    return {key: Effect(effect) for key, effect in said.rules.items()}


def _approvers(data: Mapping[str, Plain]) -> tuple[str, ...]:
    names = data.get(APPROVERS)
    return tuple(str(name) for name in names) if isinstance(names, list) else ()


def _check_approvals(said: GuardrailsFile, approvers: Sequence[str], gates: Sequence[Gate]) -> None:
    """Raise DecodeError where the terms of approvals name a rule or an approver that does not exist."""
    terms = said.approvals
    if terms.rules:
        rules = {rule.id: rule for gate in gates for rule in gate.rules()}
        known = [*rules, *(gate.name for gate in gates)]
        for key, one in terms.rules.items():
            at = ("approvals", "rules", key)
            if key not in known:
                message = f"no rule and no gate is called {shown(key)}; {_choice(key, sorted(known))}"
                raise DecodeError(at, message, at_key=True)
            if key in rules and rules[key].final:
                message = f"{key} ({rules[key].name}) is final, nobody approves it; delete the line"
                raise DecodeError(at, message, at_key=True)
            _check_names(one.by, approvers, (*at, "by"))
    for path, names in terms.owners.items():
        _check_names(names, approvers, ("approvals", "owners", path))


def _check_names(names: Sequence[str], approvers: Sequence[str], at: tuple[str | int, ...]) -> None:
    for number, name in enumerate(names):
        if name not in approvers:
            remedy = _choice(name, approvers)
            raise DecodeError(
                (*at, number), f"{shown(name)} is not in {FOLDER}/{APPROVERS} of the same commit; {remedy}"
            )


def _choice(word: str, known: Sequence[str]) -> str:
    hint = nearest(word, known)
    return (
        f"did you mean {hint}?"
        if hint
        else f"choose from {', '.join(known) or 'none, for none is installed'}"
    )


def _waivers(folder: Folder, data: Mapping[str, Plain]) -> tuple[Waiver, ...]:
    with placing(folder, WAIVERS):
        entries = decode_list(data.get(WAIVERS), WaiverEntry)
    return tuple(Waiver(one.fingerprint, one.rule, one.owner, one.reason, one.expires) for one in entries)


def _baseline(folder: Folder, data: Mapping[str, Plain]) -> Baseline:
    if BASELINE not in data:
        return Baseline()
    with placing(folder, BASELINE):
        return Baseline(decode(data[BASELINE], BaselineFile).fingerprints)


def _allowed_packages(folder: Folder, data: Mapping[str, Plain]) -> tuple[str, ...]:
    if DEPENDENCIES not in data:
        return ()
    with placing(folder, DEPENDENCIES):
        return decode(data[DEPENDENCIES], DependenciesFile).packages
