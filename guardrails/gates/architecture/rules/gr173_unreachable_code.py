"""Code that no run reaches is a feature that somebody believes in."""

import ast
from collections.abc import Iterator, Sequence

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here
from guardrails.gates.architecture.example import example
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_MAY_LEAVE = frozenset({*_LEAVING, ast.If, ast.While})
_BLOCKS = ("body", "orelse", "finalbody")
NODES = (
    "FunctionDef",
    "AsyncFunctionDef",
    "If",
    "For",
    "AsyncFor",
    "While",
    "With",
    "AsyncWith",
    "Try",
    "ExceptHandler",
)

RULE = Rule(
    id="GR173",
    name="unreachable-code",
    gate="architecture",
    summary="Statements stand where no run gets to.",
    why="What follows a `return`, a `raise` or a loop that never ends is not run, not tested and not removed. It is "
    "usually a feature that an edit above switched off by accident, and it reads as if it worked.",
    remedy="Remove the statements, or move what leaves the block below them.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            def rank(cards):
                return cards
                cards.reverse()
            """,
        ),
        example(
            """
            def rank(cards):
                if cards:
                    return cards
                else:
                    raise ValueError(cards)
                cards.reverse()
            """,
        ),
        example(
            """
            async def serve(queue):
                while True:
                    await queue.get()
                await queue.close()
            """,
        ),
        example(
            """
            def first(cards):
                for card in cards:
                    if card.hidden:
                        continue
                        card.show()
                    print(card)
            """,
        ),
    ),
    good=(
        example(
            """
            def rank(cards):
                if cards:
                    return cards
                cards.reverse()
                return cards
            """,
        ),
        example(
            """
            def nothing():
                return
                yield

            async def never():
                raise NotImplementedError
                yield 1
            """,
        ),
        example(
            """
            def serve(queue):
                while True:
                    if queue.get() is None:
                        break
                queue.close()
            """,
        ),
        example(
            """
            def read(file):
                try:
                    return file.read()
                finally:
                    file.close()
            """,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark the first statement of a block's rest that no run reaches."""
    for name in _BLOCKS:
        block = getattr(node, name, None)
        if isinstance(block, list) and len(block) > 1:
            yield from _rest_of(block, here)


def _rest_of(block: Sequence[ast.stmt], here: Here) -> Iterator[Mark]:
    for position, one in enumerate(block):
        if one.__class__ not in _MAY_LEAVE or one is block[-1] or not _leaves(one):
            continue
        rest = [each for each in block[position + 1 :] if not _says_nothing(each)]
        if rest and not any(isinstance(each, (ast.Yield, ast.YieldFrom)) for each in _below(rest)):
            yield here.mark(rest[0], f"nothing after the {_word(one)} is ever run")
        return


def _leaves(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.If):
        return bool(statement.orelse) and _leaves(statement.body[-1]) and _leaves(statement.orelse[-1])
    if isinstance(statement, ast.While):
        endless = isinstance(statement.test, ast.Constant) and bool(statement.test.value)
        return endless and not any(_breaks(one) for one in statement.body)
    if isinstance(statement, (ast.With, ast.AsyncWith)):
        return False  # a context manager may swallow the exception
    return isinstance(statement, _LEAVING)


def _breaks(node: ast.AST) -> bool:
    """Whether a `break` in the node leaves the loop around it."""
    if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
        return any(_breaks(one) for one in node.orelse)
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
        return False
    return isinstance(node, ast.Break) or any(_breaks(one) for one in ast.iter_child_nodes(node))


def _says_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _below(statements: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    for one in statements:
        yield from ast.walk(one)


def _word(statement: ast.stmt) -> str:
    return "endless loop" if isinstance(statement, ast.While) else type(statement).__name__.lower()
