"""What base's `policies/` says, parsed and validated: the only thing that may loosen or tighten a gate."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from guardrails.model.change import Stage
from guardrails.model.finding import Effect
from guardrails.model.frozen import field, frozen
from guardrails.model.team import TeamRules
from guardrails.model.terms import ApprovalPolicy
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
