"""A cache that forgets nothing, keyed by what users send, is a leak with a good name."""

import re
from collections.abc import Iterator

from guardrails.analysis.code.facts import Call, Flag, Scope
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_CACHES = frozenset({"functools.cache", "functools.lru_cache", "functools.lru_cache()"})
_OF_USERS = (
    r"(?i)(.*_)?(user|account|customer|tenant|session|request|visitor|listener|client|device|token|email|ip|"
    r"ip_address|query|prompt|question|message|text|body|payload|url|uri|cookie|authorization)(_?(id|key|hash))?\Z"
)
WORDS = ("functools.cache", "functools.lru_cache")

RULE = Rule(
    id="GR120",
    name="unbounded-cache",
    gate="architecture",
    summary="A function that is keyed by what users send is cached without a bound.",
    why="Every new user, query or token adds an entry that is never dropped. Memory grows until the process is "
    "killed, soonest when somebody sends random keys.",
    remedy="Give `functools.lru_cache(maxsize=...)` a number, or use `cachetools.TTLCache` with a size and an age.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            import functools

            @functools.cache
            def features(user_id):
                return {'user': user_id}
            """,
        ),
        example(
            """
            from functools import lru_cache

            @lru_cache(maxsize=None)
            def parsed(query: str):
                return query.split()
            """,
        ),
        example(
            """
            from functools import lru_cache

            @lru_cache(None)
            def decoded(token, audience):
                return token, audience
            """,
        ),
    ),
    good=(
        example(
            """
            from functools import lru_cache

            @lru_cache(maxsize=1024)
            def features(user_id):
                return {'user': user_id}
            """,
        ),
        example(
            """
            from functools import cache

            @cache
            def settings():
                return {}
            """,
        ),
        example(
            """
            from functools import lru_cache

            @lru_cache
            def parsed(query):
                return query.split()
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every function with an unbounded cache and a parameter that users choose."""
    for index, scope in enumerate(module.facts.scopes):
        cache = next((one for one in scope.decorators if one.name in _CACHES and _is_unbounded(one)), None)
        key = cache and _key_of_users(scope)
        if cache and key:
            name = scope.name.rpartition(".")[2]
            yield Found(
                cache.line, index, f"`{name}` keeps every `{key}` it was ever given", f"{cache.name} on {key}"
            )


def _is_unbounded(cache: Call) -> bool:
    if cache.name == "functools.cache":
        return True
    size = cache.arguments[0] if cache.arguments else cache.keyword("maxsize")
    return not cache.flags & Flag.BARE and size == "None"


def _key_of_users(scope: Scope) -> str | None:
    return next((one.name for one in scope.parameters if re.match(_OF_USERS, one.name)), None)
