"""What policy may say about the contract gate, from `policies/contract.yaml`."""

from collections.abc import Mapping
from typing import Literal

from guardrails.model.frozen import field, frozen
from guardrails.model.policy import Service


@frozen
class Ignore:
    """A place of answers that replays do not compare: `status`, `header NAME`, or a pointer like `/items/*/score`.

    An empty `operation` (`POST /path`) means every one. `reason` says why nobody relies on it.
    """

    place: str
    reason: str
    operation: str = ""


@frozen
class Settings:
    """How a service's promises are compared and how hard head is tried.

    `document` is the OpenAPI file inside a service's contract folder, `regenerate` the command
    that writes it. About `max_requests` requests are sent to head for one service, half of them in
    sequences, at most `requests_per_operation` probes to one operation, and none after `seconds`;
    `random_examples` of an operation's probes are drawn at random from the run's seed, the rest
    lies at boundaries. With `max_requests` 0 head is not tried. `invariants` is the file of
    checks, `failures` and `traffic` the folders of stored requests, `consumers` that of consumer
    files and pacts, in the contract folder.

    `promise` says what clients are promised: `strict` (generated clients), `tolerant` (readers
    that pass over what they do not know) or `internal` (released together); `promises` says it for
    single operations, as `GET /path`. With `lint` false new faults of the document are not named.

    At merge about `replays` requests are played on base and head to compare their answers; 0 does
    without. At commit nothing is run unless `commit_replays` says with about how many requests the
    operations that a change touches are replayed: base's answers are remembered, so that only head
    is run. `headers` go with each of them, `ignore` are places
    that are not compared, and `shown_differences` bounds the findings on one operation.
    """

    document: str = "openapi.yaml"
    regenerate: str = ""
    max_requests: int = 1000
    requests_per_operation: int = 200
    random_examples: int = 20
    seconds: float = 30.0
    invariants: str = "invariants.py"
    failures: str = "failures"
    traffic: str = "traffic"
    consumers: str = "consumers"
    promise: Literal["strict", "tolerant", "internal"] = "strict"
    promises: Mapping[str, Literal["strict", "tolerant", "internal"]] = field(default_factory=dict)
    lint: bool = True
    replays: int = 900
    commit_replays: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[Ignore, ...] = ()
    shown_differences: int = 4


def document_path(service: Service, settings: Settings) -> str:
    """Return where the service's committed document lies, empty without a contract folder."""
    return f"{service.contract}/{settings.document}" if service.contract else ""
