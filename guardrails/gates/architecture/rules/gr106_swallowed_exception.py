"""An exception that nobody sees is a fault that nobody finds.

Judged on exact syntax, since a handler's body says whether anything at all is done.
"""

import re
from typing import TYPE_CHECKING

from guardrails.gates.architecture.example import example
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

if TYPE_CHECKING:
    import libcst as cst

    from guardrails.gates.architecture.catalog import Report

# A broad handler whose first statement could be one that does nothing: few files have one.
TRIGGER = re.compile(
    rb"except\b(?=\s*:|[^:]{0,400}\b(?:Base)?Exception\b)[^:]{0,400}:"
    rb"(?:\s|\\\n|#[^\n]*)*(?:pass|continue|break|return|None|True|False|Ellipsis|\.\.\.|[\w]{0,2}['\"]|\d)"
)

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


def visitor(report: "Report") -> "cst.CSTVisitor":
    """Return the visitor that reports every broad handler whose body only passes or gives a constant."""
    import libcst as cst  # noqa: PLC0415 - 0.2 s, paid only for files that match TRIGGER

    idle = (cst.Pass, cst.Continue, cst.Break)
    constant = (cst.Ellipsis, cst.SimpleString, cst.Integer, cst.Float)

    def is_broad(kind: cst.BaseExpression | None) -> bool:
        if isinstance(kind, cst.Tuple):
            return any(is_broad(one.value) for one in kind.elements)
        return kind is None or (isinstance(kind, cst.Name) and kind.value in {"Exception", "BaseException"})

    def is_empty(value: cst.BaseExpression | None) -> bool:
        if isinstance(value, cst.Name):
            return value.value in {"None", "True", "False"}
        holds_nothing = isinstance(value, cst.List | cst.Tuple | cst.Dict) and not value.elements
        return value is None or isinstance(value, constant) or holds_nothing

    def does_nothing(statement: cst.CSTNode) -> bool:
        if isinstance(statement, cst.SimpleStatementLine):
            return all(does_nothing(one) for one in statement.body)
        if isinstance(statement, cst.Return | cst.Expr):
            return is_empty(statement.value)
        return isinstance(statement, idle)

    class Handlers(cst.CSTVisitor):
        def visit_ExceptHandler(self, node: cst.ExceptHandler) -> None:  # noqa: N802 - libcst's name
            if is_broad(node.type) and all(does_nothing(one) for one in node.body.body):
                caught = cst.Module([]).code_for_node(node.type) if node.type else "everything"
                report(node, f"a handler catches {caught} and does nothing with it", f"except {caught}")

    return Handlers()
