"""Two equal scores must not change places between two answers to one request."""

import re
from collections.abc import Iterator

from guardrails.analysis.code.facts import Call
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_SORTS = frozenset({"builtins.sorted", "builtins.max", "builtins.min", "heapq.nlargest", "heapq.nsmallest"})
_SCORE = r"\w*(score|relevance|probability|weight|utility)\w*"
_LAMBDA = rf"(?i)lambda (\w+): -?\(?\1(\.\w+)*(\.{_SCORE}|\[['\"]{_SCORE}['\"]\])\)?\Z"
_POLICY = "pure: [ranking]"


RULE = Rule(
    id="GR109",
    name="score-sort-without-tie-break",
    gate="architecture",
    summary="Ranking sorts by a score alone.",
    why="Items with equal scores keep the order they came in, which depends on a store, a set or a thread. "
    "The same listener then sees another order on the next request, and goldens flake.",
    remedy="Sort by a tuple whose last part is unique: `key=lambda item: (-item.score, item.id)`.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            def order(cards):
                return sorted(cards, key=lambda card: -card.score)
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            def order(cards):
                cards.sort(key=lambda card: card['final_score'], reverse=True)
                return cards
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            import heapq

            def top(cards):
                return heapq.nlargest(3, cards, key=lambda card: card.parts.relevance)
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
    ),
    good=(
        example(
            """
            def order(cards):
                return sorted(cards, key=lambda card: (-card.score, card.id))
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            def order(cards):
                return sorted(cards, key=lambda card: card.id)
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            def order(cards):
                return sorted(cards, key=lambda card: card.score)
            """,
            path="report/order.py",
            policy=_POLICY,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every sort of pure code whose key is a score and nothing else."""
    if not module.is_pure:
        return
    for call in module.facts.calls:
        key = call.keyword("key")
        if key is not None and _sorts(call) and re.match(_LAMBDA, key):
            yield Found(
                call.line, call.scope, f"the order is decided by `{key.partition(': ')[2]}` alone", call.text
            )


def _sorts(call: Call) -> bool:
    return call.name in _SORTS or call.name.endswith(".sort")
