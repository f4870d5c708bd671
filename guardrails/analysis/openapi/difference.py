"""One difference between two documents, as every reader of a comparison gets it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from guardrails.analysis.openapi.values import Json


class Level(StrEnum):
    """Whether a client can notice: `unknown` is neither proved nor refuted, and policy decides."""

    BREAKING = "breaking"
    UNKNOWN = "unknown"
    SAFE = "safe"


class Promise(StrEnum):
    """What the clients of an operation are promised.

    Generated clients read exactly what the document says (`strict`); tolerant readers pass over
    fields and enumerated values that they do not know; internal clients are released together
    with the service, so that nothing breaks them.
    """

    STRICT = "strict"
    TOLERANT = "tolerant"
    INTERNAL = "internal"


class Direction(StrEnum):
    """Which message differs."""

    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class Proof:
    """A witness: the value that got through before and does not now, and as what it is sent.

    `place` names the part of the message (`body`, `query limit`, `status`); for a parameter the
    value is what the client means, `text` how it is written. `curl` is a whole request with it, and
    `pytest` a test that sends it and passes where it is taken; both are empty for what the server
    sends.
    """

    place: str
    value: Json
    text: str = ""
    curl: str = ""
    pytest: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: its level, where it stands, which message it is about, and what proves it.

    `pointer` leads into head's document where the thing is still there, else into base's;
    `inner` leads from there into the message; `rule` names the kind of difference. `lacks` is the
    property whose absence there makes the difference, where one does.
    """

    level: Level
    rule: str
    method: str
    path: str
    pointer: str
    direction: Direction
    message: str
    inner: str = ""
    witness: Proof | None = None
    lacks: str | None = None

    @property
    def sort_key(self) -> tuple[str, ...]:
        """Order of a report: worst first, then by place."""
        worst = str(list(Level).index(self.level))
        return (
            worst,
            self.path,
            self.method,
            self.direction,
            self.pointer,
            self.inner,
            self.rule,
            self.message,
        )


_COMPILED = frozenset(
    (
        "enumeration-gone",
        "branch-gone",
        "discriminator",
        "generated-type",
        "link-removed",
        "link-target",
        "link-input",
    )
)
_PASSED_OVER = frozenset(("enum", "parameter-enum", "additionalProperties", "unevaluatedProperties"))
_PRESUMED = frozenset(
    ("narrowed", "parameter-narrowed", "branch-narrowed", "extensible-value", "content-narrowed")
)


def as_promised(found: Iterable[Difference], promise_of: Callable[[Difference], Promise]) -> list[Difference]:
    """Return the differences at the levels that they have for clients who are promised that much."""
    kept = [replace(one, level=_level_under(promise_of(one), one)) for one in found]
    return sorted(kept, key=lambda one: one.sort_key)


def _level_under(promise: Promise, one: Difference) -> Level:
    if promise is Promise.INTERNAL:
        return Level.SAFE
    if promise is Promise.TOLERANT and one.rule in _COMPILED:
        return Level.SAFE
    if promise is Promise.TOLERANT and one.level is Level.BREAKING:
        if one.direction is Direction.RESPONSE and one.rule in _PASSED_OVER:
            return Level.SAFE
        return Level.UNKNOWN if one.rule in _PRESUMED else one.level
    return one.level
