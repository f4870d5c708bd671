"""Two equal scores must not change places between two answers to one request."""

import ast
from collections.abc import Iterator

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.scores import is_score, parts_of_key, sorting_key
from guardrails.gates.architecture.knowledge.shapes import called, keyword, last_name
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("Call",)
WHERE = "pure"
_METHODS = frozenset({"argsort", "argpartition", "topk", "sort_values"})
_PARTIAL = frozenset({"numpy.argpartition", "torch.topk", "torch.argsort"})
_STABLE = (
    "Sort stably by score and id: `numpy.lexsort((ids, -scores))`, or with "
    '`kind="stable"` on rows that stand in the order of ids.'
)
_POLICY = "pure: [ranking]"
CALLED = _METHODS | {"sort", "sorted", "max", "min", "nlargest", "nsmallest", "merge"}
NEEDS = ("pure", "marks")

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
        example(
            """
            from operator import attrgetter

            def order(cards):
                return sorted(cards, key=attrgetter('score'), reverse=True)
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            import numpy as np

            def order(scores):
                return np.argsort(-scores)
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            def order(frame):
                return frame.sort_values('score', ascending=False)
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


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark every sort by a score and nothing else."""
    if not isinstance(node, ast.Call):
        return
    key = sorting_key(node, here)
    parts = parts_of_key(key, here) if key else ()
    if len(parts) == 1 and is_score(parts[0]):
        yield here.mark(node, f"the order is decided by `{parts[0]}` alone")
    elif key is None and _is_unstable(node, here):
        yield here.mark(
            node, "equal scores may change places, since this sort keeps no order among them", remedy=_STABLE
        )


def findings_in(module: Module) -> Iterator[Found]:
    """Yield the marks of modules that policy wants pure."""
    if module.is_pure:
        yield from module.marks(RULE.id)


def _is_unstable(call: ast.Call, here: Here) -> bool:
    _, method = called(call)
    names = here.meanings(call.func)
    if method not in _METHODS and not any("argsort" in one or one in _PARTIAL for one in names):
        return False  # most calls; what follows looks at every node of the call
    if not any(
        is_score(last_name(one)) or _is_column(one) for one in ast.walk(call) if isinstance(one, ast.expr)
    ):
        return False
    if method == "argsort" or "numpy.argsort" in names:
        return not _says(call, "kind", {"stable", "mergesort"}) and not _says(call, "stable", {True})
    if not _PARTIAL.isdisjoint(names) or method in {"argpartition", "topk"}:
        return True
    if method == "sort_values":
        by = keyword(call, "by") or next(iter(call.args), None)
        return isinstance(by, ast.Constant) and not _says(call, "kind", {"stable", "mergesort"})
    return False


def _is_column(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and is_score(node.value)


def _says(call: ast.Call, name: str, values: set[object]) -> bool:
    given = keyword(call, name)
    return isinstance(given, ast.Constant) and given.value in values
