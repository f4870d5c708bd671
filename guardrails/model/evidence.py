"""What proves a finding: one small frozen type for each kind of proof.

Numbers that a machine measured live in Interval alone, so that reports can put every one of
them under their single `measured` key and stay byte-identical between runs.
"""

from guardrails.model.digest import sha256
from guardrails.model.frozen import field_names, frozen


@frozen
class Before:
    """What base said and what head says instead; either may be empty."""

    before: str
    after: str


@frozen
class Witness:
    """A concrete message that base answers one way and head another.

    `request` is a curl command line; `base` and `head` are the two answers, shortened.
    """

    request: str
    base: str
    head: str


@frozen
class Movement:
    """A scenario whose order moved: the two ordered lists of ids, and what moved them if known."""

    scenario: str
    kind: str
    base: tuple[str, ...]
    head: tuple[str, ...]
    cause: str = ""


@frozen
class TestOutcome:
    """A test of base, by id, and how it ended on base's code and on head's."""

    __test__ = False  # pytest must not collect it

    test: str
    base: str
    head: str
    message: str = ""


@frozen
class Mutant:
    """A fault that was planted in a changed line and that no test noticed."""

    path: str
    line: int
    original: str
    mutated: str


@frozen
class Step:
    """One step of a call chain: the symbol and where it stands."""

    symbol: str
    path: str
    line: int


@frozen
class CallChain:
    """How the fault is reached, from the outermost caller to the fault itself."""

    steps: tuple[Step, ...]


@frozen
class Interval:
    """A measured quantity with its confidence interval (`confidence` in 0..1) and sample count."""

    metric: str
    unit: str
    estimate: float
    low: float
    high: float
    confidence: float
    samples: int


@frozen
class Transcript:
    """What a tool or a process printed, shortened to what proves the point."""

    command: str
    output: str


Evidence = Before | Witness | Movement | TestOutcome | Mutant | CallChain | Interval | Transcript


def digest_of(evidence: tuple[Evidence, ...]) -> str:
    """Return a SHA-256 over the evidence, measured numbers left out, hex."""
    total = sha256()
    for one in evidence:
        total.update(type(one).__name__.encode() + b"\0")
        if isinstance(one, Interval):
            total.update(f"{one.metric} {one.unit}".encode("utf-8", "surrogatepass") + b"\0")
            continue
        for name in field_names(type(one)):
            total.update(f"{name}={getattr(one, name)!r}".encode("utf-8", "surrogatepass") + b"\0")
    return total.hexdigest()
