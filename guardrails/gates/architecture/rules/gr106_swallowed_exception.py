"""An exception that nobody sees is a fault that nobody finds."""

import ast
from collections.abc import Iterator

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here
from guardrails.gates.architecture.example import example
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("ExceptHandler",)
_BROAD = frozenset({"builtins.Exception", "builtins.BaseException"})

RULE = Rule(
    id="GR106",
    name="swallowed-exception",
    gate="architecture",
    summary="A handler catches every exception and does nothing with it.",
    why="A broad handler that passes hides dependency failures, bugs and cancellation alike: the service "
    "answers as if all were well, and no log or metric says otherwise.",
    remedy="Catch the exception that is expected, or log it and count it before going on.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            def rank(cards):
                try:
                    return sorted(cards)
                except Exception:
                    pass
            """,
        ),
        example(
            """
            def rank(cards):
                try:
                    return sorted(cards)
                except:
                    return []
            """,
        ),
        example(
            """
            def rank(cards):
                for card in cards:
                    try:
                        card.score()
                    except (ValueError, BaseException): continue
            """,
        ),
        example(
            """
            def rank(cards):
                try:
                    return sorted(cards)
                except Exception as error:
                    '''Never mind.'''
                    ...
            """,
        ),
    ),
    good=(
        example(
            """
            def rank(cards):
                try:
                    return sorted(cards)
                except TypeError:
                    return []
            """,
        ),
        example(
            """
            import logging

            def rank(cards):
                try:
                    return sorted(cards)
                except Exception:
                    logging.exception('rank')
                    return []
            """,
        ),
        example(
            """
            def rank(cards):
                try:
                    return sorted(cards)
                except Exception as error:
                    raise ValueError(cards) from error
            """,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark a broad handler whose body only passes or gives a constant."""
    if not isinstance(node, ast.ExceptHandler) or not all(map(_does_nothing, node.body)):
        return
    if _is_broad(node.type, here):
        caught = ast.unparse(node.type) if node.type else "everything"
        yield here.mark(node, f"a handler catches {caught} and does nothing with it", f"except {caught}")


def _is_broad(kind: ast.expr | None, here: Here) -> bool:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(one is None or not _BROAD.isdisjoint(here.meanings(one)) for one in kinds)


def _does_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, (ast.Return, ast.Expr)):
        return _is_empty(statement.value)
    return isinstance(statement, (ast.Pass, ast.Continue, ast.Break))


def _is_empty(value: ast.expr | None) -> bool:
    if isinstance(value, (ast.List, ast.Tuple)):
        return not value.elts
    if isinstance(value, ast.Dict):
        return not value.keys
    return value is None or isinstance(value, ast.Constant)
