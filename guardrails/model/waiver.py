"""What lets a known finding pass for a while: the baseline and dated waivers, both in base."""

from collections import Counter
from datetime import date

from guardrails.model.frozen import frozen


@frozen
class Waiver:
    """A finding accepted until a day, inclusive. Without owner, reason and expiry it has no effect."""

    fingerprint: str
    rule: str
    owner: str
    reason: str
    expires: date | None

    def covers(self, fingerprint: str, rule: str, today: date) -> bool:
        """Whether this waiver, complete and unexpired, names that finding."""
        complete = bool(self.owner.strip() and self.reason.strip()) and self.expires is not None
        return (
            complete
            and (self.fingerprint, self.rule) == (fingerprint, rule)
            and today <= (self.expires or today)
        )


@frozen
class Baseline:
    """Fingerprints that base already had; a multiset, so a second identical fault is new."""

    fingerprints: tuple[str, ...] = ()

    def counted(self) -> Counter[str]:
        """Return how often each fingerprint may still be met."""
        return Counter(self.fingerprints)

    def grown_from(self, older: "Baseline") -> tuple[str, ...]:
        """Return the fingerprints that this baseline has and `older` lacks; it may only shrink."""
        return tuple(sorted((self.counted() - older.counted()).elements()))
