"""What base's `policies/` says, parsed and validated: the only thing that may loosen or tighten a gate."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, TypeVar

from guardrails.model.change import Stage
from guardrails.model.finding import Effect
from guardrails.model.frozen import field, frozen
from guardrails.model.team import TeamRules
from guardrails.model.waiver import Baseline, Waiver

SettingsT = TypeVar("SettingsT")

BUILT_IN = "built-in default"


class BoxLevel(StrEnum):
    """How strongly head's code is confined, strongest first."""

    BUBBLEWRAP = "bubblewrap"
    UNSHARE = "unshare"
    LANDLOCK = "landlock"
    NONE = "none"

    @property
    def strength(self) -> int:
        """Rank for comparisons; `none` is 0."""
        return list(reversed(BoxLevel)).index(self)


@frozen
class EnvironmentSource:
    """Where a service's interpreter comes from: a ready `python`, or a hash-locked `lock` file to build from.

    `python` may be relative to the repository's top folder. With neither, the harness's own
    interpreter serves, and the verdict says so.
    """

    python: str = ""
    lock: str = ""


@frozen
class Service:
    """One service of the repository: what belongs to it, how it starts, and what it promises.

    `app` is `module:attribute` of an ASGI application or, with `factory`, of a function that
    returns one; `command` is an argument list instead, in which `{socket}` stands for the path
    of the unix socket to listen on. `paths` are the folders and files that belong to it;
    `tests` the test paths that the overlay runs; `contract` the folder of its promises. Modules are
    imported from `root`; where policy leaves it out, its reader puts in what `paths` show.
    """

    name: str
    paths: tuple[str, ...] = ()
    app: str = ""
    factory: bool = False
    command: tuple[str, ...] = ()
    root: str = ""
    environment: EnvironmentSource = EnvironmentSource()
    variables: Mapping[str, str] = field(default_factory=dict)
    ready: str = ""
    start_seconds: float = 20.0
    tests: tuple[str, ...] = ()
    contract: str = ""
    lock: str = ""
    companions: tuple[str, ...] = ()

    def owns(self, path: str) -> bool:
        """Whether `path` lies under one of the service's paths."""
        return any(part in {".", path} or path.startswith(part.rstrip("/") + "/") for part in self.paths)

    def concerns(self, path: str) -> bool:
        """Whether a change of `path` may alter how the service behaves: its paths, lock or contract."""
        return self.owns(path) or path == self.lock or path.startswith(f"{self.contract or chr(0)}/")


@frozen
class StagePlan:
    """Which gates a stage requires, in the order they are reported."""

    gates: tuple[str, ...]


@frozen
class ApprovalTerms:
    """Whether and by whom the findings of some rules may be approved.

    `approvable` says whether they may be approved at all.
    `approvers` is how many different approvers it takes.
    `by` lists the approvers who may; everybody in `policies/approvers` when left out.
    """

    approvable: bool = True
    approvers: int = 1
    by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.approvers < 1:
            raise ValueError("approvers is less than 1; to allow no approval write `approvable: false`")
        if self.by and len({name.casefold() for name in self.by}) < self.approvers:
            raise ValueError(f"by names fewer than {self.approvers} approvers; name more, or ask for fewer")


@frozen
class ApprovalPolicy:
    """Whose consent counts, and for what.

    `keys` says which keys may sign: `touch`, only those on a token that wants to be touched, or `any`.
    `own_changes` says whether an author may approve a change of his own.
    `bots` lists names that can approve nothing.
    `approvers` is how many different approvers a finding takes where `rules` says nothing else.
    `rules` gives rules, by id or by the name of their gate, terms of their own.
    `owners` lists, by path, the only ones who may approve a finding there; the longest path counts.
    """

    keys: Literal["touch", "any"] = "touch"
    own_changes: bool = False
    bots: tuple[str, ...] = ()
    approvers: int = 1
    rules: Mapping[str, ApprovalTerms] = field(default_factory=dict)
    owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.approvers < 1:
            raise ValueError("approvers is less than 1; a finding takes at least one approver")

    def terms_of(self, rule: str, gate: str) -> ApprovalTerms:
        """Return the terms of a rule: its own, else those of its gate, else those for all."""
        return self.rules.get(rule) or self.rules.get(gate) or ApprovalTerms(approvers=self.approvers)

    def owners_of(self, path: str) -> tuple[str, ...]:
        """Return who alone may approve a finding at `path`; nobody in particular gives an empty tuple."""
        owned = [one for one in self.owners if one in {".", path} or path.startswith(one.rstrip("/") + "/")]
        return self.owners[max(owned, key=lambda one: (one != ".", len(one.rstrip("/"))))] if owned else ()


@frozen
class Policy:
    """All of base's policy. `settings` holds each gate's own Settings object by gate name.

    `allowed_packages` are the packages that may be installed, by normalised name; empty when
    policy lists none, so that only base's locks decide. `team_rules` are those of `policies/rules/`.
    `repository` is the name to which approvals are bound; without one it is the first commit.
    """

    stages: Mapping[Stage, StagePlan]
    services: tuple[Service, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    effects: Mapping[str, Effect] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    baseline: Baseline = field(default_factory=Baseline)
    approvers: tuple[str, ...] = ()
    allowed_packages: tuple[str, ...] = ()
    approvals: ApprovalPolicy = ApprovalPolicy()
    repository: str = ""
    allows_disputes: bool = False
    allows_break_glass: bool = False
    minimum_box: BoxLevel = BoxLevel.LANDLOCK
    target: str = ""
    harness: str = ""
    source: str = BUILT_IN
    digest: str = ""
    notes: tuple[str, ...] = ()
    team_rules: TeamRules = TeamRules()

    def settings_for(self, gate: str, kind: type[SettingsT]) -> SettingsT:
        """Return the settings of `gate`, the kind's own defaults where policy says nothing."""
        found = self.settings.get(gate)
        return found if isinstance(found, kind) else kind()
