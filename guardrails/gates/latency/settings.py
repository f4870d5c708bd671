"""What policy may say about the latency gate, from `policies/budgets.yaml`."""

from guardrails.model.frozen import frozen


@frozen
class Settings:
    """How base and head are compared.

    CPU time per request of head over base is estimated from between `least_launches` and
    `most_launches` fresh launches of both, each answering the stored requests `rounds` times
    after `warmup` of them. Head is slower when the whole interval at `confidence` lies above
    `1 + tolerated_growth`; measuring stops as soon as the interval clears that line on either
    side. `requests` is the folder of stored requests inside a service's contract folder.
    """

    tolerated_growth: float = 0.10
    confidence: float = 0.99
    least_launches: int = 3
    most_launches: int = 10
    rounds: int = 4
    warmup: int = 20
    requests: str = "golden"
