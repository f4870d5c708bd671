"""Two ways to compute one score differ in the last bit, and `nan` equals nothing at all."""

import ast
from collections.abc import Iterator

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.scores import is_score
from guardrails.gates.architecture.knowledge.shapes import last_name
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("Compare",)
_NANS = frozenset({"math.nan", "numpy.nan", "numpy.NaN", "numpy.NAN"})
_NEVER = "nothing equals nan, so this comparison has one answer whatever the value is"
_POLICY = "pure: [ranking]"
NEEDS = ("marks",)

RULE = Rule(
    id="GR153",
    name="float-equality-in-ranking",
    gate="architecture",
    summary="A score is compared for equality, or anything with nan.",
    why="A score that is summed in another order, or by another replica's vector unit, differs in its last bit, so an "
    "equality that held in the test does not hold in production. A comparison with nan is never true: the guard "
    "that it was meant to be is not there.",
    remedy="Use `math.isclose(a, b, abs_tol=...)` or compare whole numbers; ask `math.isnan(x)`.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            def tied(first, second):
                return first.score == second.score
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            def is_default(card):
                return card.weight != 0.35
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            import numpy as np

            def known(value):
                return value != np.nan
            """,
        ),
        example(
            """
            def known(value):
                return value == float('nan')
            """,
        ),
    ),
    good=(
        example(
            """
            import math

            def tied(first, second):
                return math.isclose(first.score, second.score, abs_tol=1e-9)
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            def is_empty(total):
                return total == 0.0 or total.count == 3
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            def tied(first, second):
                return first.score == second.score
            """,
            path="report/order.py",
            policy=_POLICY,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark an equality with nan, of two scores, or of something with a number that binary cannot write."""
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
        return
    sides = [node.left, node.comparators[0]]
    if any(_is_nan(one, here) for one in sides):
        yield here.mark(node, _NEVER)
    elif any(map(_is_fraction, sides)) or all(is_score(last_name(one)) for one in sides):
        yield here.mark(node, f"`{ast.unparse(node)}` compares a computed number for equality")


def findings_in(module: Module) -> Iterator[Found]:
    """Yield comparisons with nan everywhere, the others where policy wants replayable code."""
    for one in module.marks(RULE.id):
        if one.message == _NEVER or module.is_pure:
            yield one


def _is_nan(node: ast.expr, here: Here) -> bool:
    if isinstance(node, ast.Call):
        text = node.args[0] if len(node.args) == 1 else None
        is_text = isinstance(text, ast.Constant) and str(text.value).strip("+-").lower() == "nan"
        return is_text and here.name(node.func) == "builtins.float"
    return isinstance(node, (ast.Name, ast.Attribute)) and not _NANS.isdisjoint(here.meanings(node))


def _is_fraction(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, float) and not node.value.is_integer()
