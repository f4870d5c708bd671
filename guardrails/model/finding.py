"""A finding: one fact about one place, with its remedy and what proves it."""

import re
from enum import StrEnum

from guardrails.model.digest import sha256
from guardrails.model.evidence import Evidence, digest_of
from guardrails.model.frozen import frozen

_SPACES = re.compile(r"\s+")
_FINGERPRINT_LENGTH = 20


class Effect(StrEnum):
    """What a finding does to the verdict; `undecided` is kept for what could not be judged."""

    BLOCK = "block"
    UNDECIDED = "undecided"
    REVIEW = "review"
    NOTE = "note"


class Status(StrEnum):
    """Where a finding stands: only `new` and `disputed` ones count towards the outcome."""

    NEW = "new"
    OLD = "old"
    BASELINED = "baselined"
    WAIVED = "waived"
    APPROVED = "approved"
    DISPUTED = "disputed"


@frozen
class Location:
    """A place in head's tree, or in base's where the thing is gone; line 0 means the whole file."""

    path: str
    line: int = 0
    symbol: str = ""


@frozen
class Finding:
    """One fact about one place.

    `message` states the fact in one sentence, `remedy` what to do in one sentence that names
    the symbol to use. Neither holds a measured number. `subject` is the text that identifies
    the fault besides rule and symbol: a snippet of code, an operation, a test id.
    """

    rule: str
    gate: str
    effect: Effect
    location: Location
    message: str
    remedy: str
    subject: str = ""
    evidence: tuple[Evidence, ...] = ()
    status: Status = Status.NEW
    status_reason: str = ""

    @property
    def fingerprint(self) -> str:
        """Identity that survives moved lines: rule, qualified symbol (else path), normalised subject."""
        symbol = self.location.symbol or self.location.path
        parts = (self.rule, symbol, _SPACES.sub(" ", self.subject).strip())
        text = "\0".join(parts).encode("utf-8", "surrogatepass")
        return sha256(text).hexdigest()[:_FINGERPRINT_LENGTH]

    @property
    def evidence_digest(self) -> str:
        """SHA-256 of the evidence without measured numbers; an approval is bound to it."""
        return digest_of(self.evidence)

    @property
    def counts(self) -> bool:
        """Whether the finding still bears on the outcome of its gate."""
        return self.status in {Status.NEW, Status.DISPUTED}

    @property
    def sort_key(self) -> tuple[str | int, ...]:
        """Total order of findings: by place, then rule, then all else that tells two apart."""
        place = self.location
        text = (self.rule, self.subject, self.message, self.effect, place.symbol, self.remedy)
        return (place.path, place.line, *text, self.evidence_digest)
