"""One difference between two documents, as every reader of a comparison gets it."""

from dataclasses import dataclass
from enum import StrEnum

from guardrails.analysis.openapi.values import Json


class Level(StrEnum):
    """Whether a client can notice: `unknown` is neither proved nor refuted, and policy decides."""

    BREAKING = "breaking"
    UNKNOWN = "unknown"
    SAFE = "safe"


class Direction(StrEnum):
    """Which message differs."""

    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class Proof:
    """A witness: the value that got through before and does not now, and as what it is sent.

    `place` names the part of the message (`body`, `query limit`, `status`); for a parameter the
    value is what the client means, `text` how it is written. `curl` is a whole request with it,
    empty for what the server sends.
    """

    place: str
    value: Json
    text: str = ""
    curl: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: its level, where it stands, which message it is about, and what proves it.

    `pointer` leads into head's document where the thing is still there, else into base's;
    `inner` leads from there into the message; `rule` names the kind of difference.
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
