"""CPU time per request of base and head, from fresh launches of both on one core.

Both arms get the same requests in the same number, interleaved in a random order drawn from
the run's seed, so that caches and neighbours treat them alike. The launch is the unit: within
one, memory layout and hash seed bias every request the same way.
"""

import os
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from guardrails.analysis.statistics.ratio import Ratio, paired_ratio
from guardrails.gates.latency.settings import Settings
from guardrails.model.errors import ServiceFailure
from guardrails.model.frozen import frozen
from guardrails.model.gate import Context
from guardrails.model.policy import Service
from guardrails.model.ports import Request, Server

_MOST_FAILURES = 0.5


@frozen
class Measurement:
    """The ratio of head to base, and base's and head's CPU seconds per request by launch."""

    ratio: Ratio
    base_seconds: tuple[float, ...]
    head_seconds: tuple[float, ...]
    requests: int


def measure(
    context: Context, service: Service, requests: Sequence[Request], settings: Settings
) -> Measurement:
    """Return the measurement, stopped as soon as its interval clears the tolerated growth."""
    pairs: list[tuple[float, float]] = []
    threshold = 1 + settings.tolerated_growth
    with _one_core():
        for launch in range(settings.most_launches):
            pairs.append(_launch(context, service, requests, settings, launch))
            if len(pairs) < max(2, settings.least_launches):
                continue
            ratio = paired_ratio(pairs, settings.confidence)
            if ratio.high <= threshold or ratio.low > threshold:
                break
    base, head = zip(*pairs, strict=True)
    return Measurement(paired_ratio(pairs, settings.confidence), base, head, len(requests) * settings.rounds)


def _launch(
    context: Context, service: Service, requests: Sequence[Request], settings: Settings, launch: int
) -> tuple[float, float]:
    source = random.Random(context.laboratory.seed + launch)  # noqa: S311 - an order, not a secret
    laboratory = context.laboratory
    variables = {"PYTHONHASHSEED": str(launch)}
    with (
        laboratory.serve(service, context.base, variables) as base,
        laboratory.serve(service, context.head, variables) as head,
    ):
        for index in range(settings.warmup):
            for server in (base, head):
                _send(server, requests[index % len(requests)])
        return _spent(base, head, requests, settings.rounds, source)


def _spent(
    base: Server, head: Server, requests: Sequence[Request], rounds: int, source: random.Random
) -> tuple[float, float]:
    """Return CPU seconds per request of both arms over the same requests, interleaved."""
    before = (base.cpu_seconds(), head.cpu_seconds())
    failures = 0
    for _ in range(rounds):
        for request in source.sample(list(requests), len(requests)):
            arms = [base, head]
            source.shuffle(arms)
            failures += sum(not _send(arm, request) for arm in arms)
    count = rounds * len(requests)
    if failures > count * _MOST_FAILURES:
        raise ServiceFailure("most of the stored requests were not answered, so there is no time to compare")
    spent = (base.cpu_seconds() - before[0], head.cpu_seconds() - before[1])
    if min(spent) <= 0:
        raise ServiceFailure(
            "the machine reports no CPU time for the service; latency cannot be measured here"
        )
    return spent[0] / count, spent[1] / count


def _send(server: Server, request: Request) -> bool:
    try:
        server.request(request)
    except ServiceFailure:
        return False
    return True


@contextmanager
def _one_core() -> Iterator[None]:
    """Keep this process and all it starts on one core: two arms on two cores differ by several percent."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
