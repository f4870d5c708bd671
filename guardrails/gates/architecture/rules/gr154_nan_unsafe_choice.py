"""One nan among the scores makes `max` answer whatever stood first."""

import ast
from collections.abc import Iterator

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.scores import is_score, parts_of_key
from guardrails.gates.architecture.knowledge.shapes import called, keyword, last_name
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("Call",)
WHERE = "pure"
_PLAIN = frozenset(
    {
        "builtins.max",
        "builtins.min",
        "numpy.argmax",
        "numpy.argmin",
        "numpy.max",
        "numpy.amax",
    }
)
_CHECKS = frozenset(
    {
        "isnan",
        "isfinite",
        "nan_to_num",
        "nanmax",
        "nanmin",
        "nanargmax",
        "nanargmin",
        "isna",
        "notna",
        "fillna",
    }
)
_POLICY = "pure: [ranking]"
CALLED = {one.rpartition(".")[2] for one in _PLAIN}
NEEDS = ("pure", "marks")

RULE = Rule(
    id="GR154",
    name="nan-unsafe-choice",
    gate="architecture",
    summary="Ranking chooses by scores in a module that never asks whether they are numbers.",
    why="Every comparison with nan is false, so one broken feature makes `max` return the item that "
    "happened to come first. Nothing fails; the order is merely wrong.",
    remedy="Replace or refuse what is not finite where scores are made: `math.isfinite`, `numpy.nan_to_num`.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            def best(scores):
                return max(scores)
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            def order(cards):
                return max(cards, key=lambda card: (card.score, card.id))
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            import numpy as np

            def best(card_scores):
                return np.argmax(card_scores)
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
    ),
    good=(
        example(
            """
            import math

            def best(scores):
                return max(one if math.isfinite(one) else 0.0 for one in scores)
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            def latest(times):
                return max(times)
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            def best(scores):
                return max(scores)
            """,
            path="report/order.py",
            policy=_POLICY,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark a choice among scores."""
    if isinstance(node, ast.Call):
        key = keyword(node, "key")
        names = parts_of_key(key, here) if key else _arguments(node, here)
        if here.name(node.func) in _PLAIN and any(map(is_score, names)):
            yield here.mark(
                node, f"{called(node)[1]} compares scores, and nothing here asks whether they are numbers"
            )


def findings_in(module: Module) -> Iterator[Found]:
    """Yield the marks of pure modules in which no call checks for numbers."""
    if module.is_pure and not any(one.name.rpartition(".")[2] in _CHECKS for one in module.facts.calls):
        yield from module.marks(RULE.id)


def _arguments(call: ast.Call, here: Here) -> tuple[str, ...]:
    if len(call.args) == 1 and not _PLAIN.isdisjoint(here.meanings(call.func)):
        return (last_name(call.args[0]),)
    return ()
