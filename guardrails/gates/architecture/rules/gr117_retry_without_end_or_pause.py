"""A retry without end or pause turns one failure of a dependency into an attack on it."""

from collections.abc import Iterator

from guardrails.analysis.code.facts import Call, Flag
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.retries import BACKOFF, TENACITY
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

WORDS = ("tenacity", "backoff", "retrying")

RULE = Rule(
    id="GR117",
    name="retry-without-end-or-pause",
    gate="architecture",
    summary="A retry has no limit of attempts, or does not wait between them.",
    why="When a dependency is down, every request comes back at once and for ever: retries multiply the load "
    "on what is already failing, and callers wait for an answer that cannot come.",
    remedy="With tenacity: `stop=stop_after_attempt(3), wait=wait_random_exponential(max=2)`; with backoff: "
    "`max_tries=3`; keep the sum under the request's deadline.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            from tenacity import retry

            @retry
            def fetch(client):
                return client.fetch()
            """,
        ),
        example(
            """
            from tenacity import retry, stop_after_attempt

            @retry(stop=stop_after_attempt(5))
            def fetch(client):
                return client.fetch()
            """,
        ),
        example(
            """
            import backoff

            @backoff.on_exception(backoff.expo, OSError)
            def fetch(client):
                return client.fetch()
            """,
        ),
        example(
            """
            from retrying import retry

            @retry
            def fetch(client):
                return client.fetch()
            """,
        ),
    ),
    good=(
        example(
            """
            from tenacity import retry, stop_after_attempt, wait_random_exponential

            @retry(stop=stop_after_attempt(3), wait=wait_random_exponential(max=2))
            def fetch(client):
                return client.fetch()
            """,
        ),
        example(
            """
            import backoff

            @backoff.on_exception(backoff.expo, OSError, max_tries=3)
            def fetch(client):
                return client.fetch()
            """,
        ),
        example(
            """
            from shop.calls import retry

            @retry
            def fetch(client):
                return client.fetch()
            """,
        ),
        example(
            """
            from tenacity import retry

            def patiently(options):
                return retry(**options)
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every retry of a known library that lacks an end or a pause."""
    bare = [one for scope in module.facts.scopes for one in scope.decorators if one.flags & Flag.BARE]
    for call in (*module.facts.calls, *bare):
        missing = _missing(call)
        if missing:
            yield Found(call.line, call.scope, f"{call.name} retries without {missing}", call.text)


def _missing(call: Call) -> str | None:
    if call.has_unknown_keywords or "*" in call.arguments:
        return None
    given = {key for key, _ in call.keywords}
    if call.name in TENACITY:
        is_wrapped = (
            bool(call.arguments) and not call.flags & Flag.BARE
        )  # `retry(function)`, or strategies by place
        if is_wrapped or {"stop", "wait"} <= given:
            return None
        return "a pause" if "stop" in given else "an end"
    if call.name in BACKOFF:
        return None if {"max_tries", "max_time"} & given else "an end"
    if call.name == "retrying.retry" and (call.flags & Flag.BARE or not given):
        return "an end"
    return None
