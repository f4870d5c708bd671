"""What this repository's own policy files may hold; a gate's settings are its own affair.

The decoder reads these types, the editors' schemas are made from them, and each field is explained
in its class's docstring, once.
"""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from guardrails.adapters.policy.decode import DecodeError
from guardrails.adapters.policy.plain import Pointer, shown
from guardrails.model.change import Stage
from guardrails.model.frozen import field, frozen
from guardrails.model.policy import ApprovalPolicy, BoxLevel, Service

FOLDER = "policies"
GUARDRAILS = "guardrails.yaml"
WAIVERS = "waivers.yaml"
BASELINE = "baseline.json"
DEPENDENCIES = "dependencies.yaml"
APPROVERS = "approvers"

_HEX = frozenset("0123456789abcdef")
_MIN_FINGERPRINT = 8
_MAX_FINGERPRINT = 64
_MAX_WORD = 200


@frozen
class GuardrailsFile:
    """What is judged, when, and how strictly.

    `version` is the version of this file's format.
    `harness` is the harness version that this policy was written for, such as 0.1.0.
    `target` is the branch that changes are merged into.
    `minimum_box` is the weakest box in which the project's code may run.
    `disputes` says whether an author's dispute may turn a block into a review.
    `break_glass` says whether two approvers may let an undecided change through.
    `repository` is a name that no other repository has, to which approvals are bound; its first commit when left out.
    `approvals` says whose consent counts, and for what.
    `stages` names the gates that each stage requires; a stage that is left out gets its defaults.
    `rules` gives rules, by id, another effect than their own.
    `services` lists the services of this repository.
    """

    version: Literal[1] = 1
    harness: str = ""
    target: str = ""
    minimum_box: BoxLevel = BoxLevel.LANDLOCK
    disputes: bool = False
    break_glass: bool = False
    repository: str = ""
    approvals: ApprovalPolicy = ApprovalPolicy()
    stages: Mapping[Stage, tuple[str, ...]] = field(default_factory=dict)
    rules: Mapping[str, Literal["block", "review", "note"]] = field(default_factory=dict)
    services: tuple[Service, ...] = ()

    def __post_init__(self) -> None:
        if self.harness and not _is_version(self.harness):
            raise DecodeError(
                ("harness",), f"harness {shown(self.harness)} is no version; write one such as 0.1.0"
            )
        if self.target.startswith("-") or any(character.isspace() for character in self.target):
            raise DecodeError(
                ("target",), f"target {shown(self.target)} is no branch; write its name, such as main"
            )
        if self.repository and not _is_word(self.repository):
            message = f"repository {shown(self.repository)} is not one word; write a name such as acme/shop"
            raise DecodeError(("repository",), message)


@frozen
class WaiverEntry:
    """A finding that is accepted for a while.

    `fingerprint` is the finding's, as every report shows it.
    `rule` is the id of the finding's rule.
    `owner` is who answers for the waiver.
    `reason` is why the finding is accepted.
    `expires` is the last day on which the waiver holds, YYYY-MM-DD.
    """

    fingerprint: str
    rule: str
    owner: str
    reason: str
    expires: date

    def __post_init__(self) -> None:
        for name, text in (("rule", self.rule), ("owner", self.owner), ("reason", self.reason)):
            if not text.strip():
                raise DecodeError(
                    (name,), f"{name} is blank; a waiver needs owner, reason and expiry, so fill it in"
                )
        _check_fingerprint(self.fingerprint, ("fingerprint",))


@frozen
class BaselineNote:
    """What a finding was when it was listed, for readers: nothing is matched by it.

    `rule` is the rule's id, `path` the file and `symbol` the function or class, empty for a whole file.
    """

    rule: str
    path: str
    symbol: str = ""


@frozen
class BaselineFile:
    """Findings that were there when the harness came; the list may only shrink.

    `version` is the version of this file's format.
    `fingerprints` are those of the findings, one for each time that the finding occurs.
    `about` says for readers, by fingerprint, what each finding was.
    """

    version: Literal[1]
    fingerprints: tuple[str, ...]
    about: Mapping[str, BaselineNote] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, fingerprint in enumerate(self.fingerprints):
            _check_fingerprint(fingerprint, ("fingerprints", number))


@frozen
class DependenciesFile:
    """Which packages may be installed to run the project.

    `allow` lists the names of the packages, as in the lock file, and at least one.
    """

    allow: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.allow:
            remedy = "name the packages, or delete the file to allow what base locks"
            raise DecodeError(("allow",), f"allow is empty; {remedy}")
        for number, name in enumerate(self.allow):
            if not _is_package(name):
                message = f"{shown(name)} is no package's name; write the name alone, without a version"
                raise DecodeError(("allow", number), message)

    @property
    def packages(self) -> tuple[str, ...]:
        """The names as package indexes compare them (PEP 503), sorted, each once."""
        return tuple(sorted({_normalised(name) for name in self.allow}))


def _is_version(text: str) -> bool:
    numbers = text.split(".", 2)
    return len(numbers) == len(("major", "minor", "patch")) and all(one[:1].isdigit() for one in numbers)


def _is_word(text: str) -> bool:
    return text.isascii() and text.isprintable() and text.split() == [text] and len(text) <= _MAX_WORD


def _is_package(name: str) -> bool:
    words = name.replace("_", "-").replace(".", "-").split("-")
    return name.isascii() and bool(words[0] and words[-1]) and all(word.isalnum() for word in words if word)


def _normalised(name: str) -> str:
    words = name.lower().replace("_", "-").replace(".", "-").split("-")
    return "-".join(word for word in words if word)


def _check_fingerprint(text: str, at: Pointer) -> None:
    if not (_MIN_FINGERPRINT <= len(text) <= _MAX_FINGERPRINT and set(text) <= _HEX):
        raise DecodeError(at, f"{shown(text)} is no fingerprint; copy the hex digits that the report shows")
