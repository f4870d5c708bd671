"""Libraries that call a function again when it failed, and what bounds them."""

from guardrails.analysis.code.facts import Call, Scope

_DECORATORS = frozenset(
    {"tenacity.retry", "backoff.on_exception", "backoff.on_predicate", "retrying.retry", "stamina.retry"}
    | {"retry.retry", "retry.api.retry", "retry2.retry", "aioretry.retry", "google.api_core.retry.Retry"}
)
TENACITY = frozenset(
    {"tenacity.retry", "tenacity.Retrying", "tenacity.AsyncRetrying"} | {"tenacity.asyncio.AsyncRetrying"}
)
BACKOFF = frozenset({"backoff.on_exception", "backoff.on_predicate"})


def retrying(scope: Scope) -> Call | None:
    """Return the decorator that makes calls of the function again; None without one."""
    return next((one for one in scope.decorators if one.name.removesuffix("()") in _DECORATORS), None)
