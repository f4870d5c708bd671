"""Literals that product code newly decides by, and whether tests and goldens hold the same ones."""

import ast
from collections.abc import Iterable, Iterator

from guardrails.gates.integrity.source import Function, functions_of, nodes_in, parse, unparse
from guardrails.model.frozen import frozen

_SHORTEST = 4
_SMALL = 100
_WORDS = frozenset(
    {"__main__", "utf-8", "ascii", "true", "false", "none", "null", "name", "type", "value", "default"}
)


@frozen
class Decision:
    """A condition or lookup of product code: its literals, and those of what it then answers.

    `is_fixed` when the answer is nothing but literals.
    """

    symbol: str
    line: int
    text: str
    asked: tuple[str, ...]
    answered: tuple[str, ...]
    is_fixed: bool


def decisions_in(text: str, known: str = "") -> Iterator[Decision]:
    """Yield the decisions of a module that compare something with telling literals not all of which `known` holds."""
    module = parse(text) if "if " in text or "match " in text or "{" in text else None
    if module is None:
        return
    for symbol, function, _ in functions_of(module):
        yield from _of_function(symbol, function, known)
    tables = [
        (unparse(target), one)
        for target, table in (_tables_in(module) if "{" in text else ())
        for one in _of_table(unparse(target), table)
        if not _is_held((*one.asked,), known)
    ]
    looked_up = set(_looked_up(module)) if tables else set()
    yield from (one for name, one in tables if name in looked_up)


def _tables_in(module: ast.Module) -> Iterator[tuple[ast.expr, ast.Dict]]:
    for statement in nodes_in(module):
        if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.Dict):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            yield target, statement.value


def _of_function(symbol: str, function: Function, known: str) -> Iterator[Decision]:
    for node in nodes_in(function):
        if isinstance(node, ast.If):
            yield from _decision(symbol, node.test, node.body, known)
        elif isinstance(node, ast.IfExp):
            yield from _decision(symbol, node.test, [node.body], known)
        elif isinstance(node, ast.Match):
            for case in node.cases:
                yield from _decision(symbol, case.pattern, case.body, known, node.lineno)


def _decision(
    symbol: str, test: ast.AST, body: Iterable[ast.AST], known: str, line: int = 0
) -> Iterator[Decision]:
    asked = tuple(dict.fromkeys(_compared(test)))
    if asked and not _is_held(asked, known):
        answered = tuple(dict.fromkeys(one for node in body for one in _answers(node)))
        fixed = any(_is_fixed(one) for node in body for one in nodes_in(node))
        yield Decision(symbol, line or getattr(test, "lineno", 0), unparse(test), asked, answered, fixed)


def _is_fixed(node: ast.AST) -> bool:
    """Whether the node answers with literals alone; None and booleans are no telling answer."""
    value = node.value if isinstance(node, ast.Return) else node
    if isinstance(node, ast.Return) and value is not None:
        parts = list(nodes_in(value))
        return any(telling(value)) and not any(isinstance(one, ast.Name | ast.Call) for one in parts)
    return False


def _looked_up(module: ast.Module) -> Iterator[str]:
    """Yield the names of what is asked for a key that is not written down on the spot."""
    for node in nodes_in(module):
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
            yield unparse(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            asks = bool(node.args) and not isinstance(node.args[0], ast.Constant)
            if asks and node.func.attr == "get":
                yield unparse(node.func.value)


def _of_table(symbol: str, table: ast.Dict) -> Iterator[Decision]:
    keys = [one for key in table.keys if key is not None for one in telling(key)]
    values = [one for value in table.values for one in telling(value)]
    if len(keys) > 1 and values:
        yield Decision(
            symbol,
            table.lineno,
            unparse(table)[:200],
            tuple(dict.fromkeys(keys)),
            tuple(values),
            is_fixed=True,
        )


def _compared(test: ast.AST) -> Iterator[str]:
    if isinstance(test, ast.pattern):
        yield from telling(test)
    for node in nodes_in(test):
        if isinstance(node, ast.Compare):
            for operator, other in zip(node.ops, [*node.comparators], strict=True):
                if isinstance(operator, ast.Eq | ast.In | ast.Is):
                    yield from telling(other)
                    yield from telling(node.left)


def _answers(node: ast.AST) -> Iterator[str]:
    for one in nodes_in(node):
        if isinstance(one, ast.Return | ast.Assign | ast.AnnAssign) and one.value is not None:
            yield from telling(one.value)
    if isinstance(node, ast.expr):
        yield from telling(node)


def telling(node: ast.AST) -> Iterator[str]:
    """Yield the texts of literals that are long or odd enough to be recognised elsewhere."""
    for one in nodes_in(node):
        if not isinstance(one, ast.Constant) or isinstance(one.value, bool):
            continue
        if isinstance(one.value, str) and len(one.value) >= _SHORTEST and one.value.lower() not in _WORDS:
            yield one.value
        elif (
            isinstance(one.value, int | float)
            and (abs(one.value) > _SMALL or one.value % 1)
            and one.value % _SMALL
        ):
            yield repr(one.value)


def held_by(literals: Iterable[str], texts: Iterable[str]) -> frozenset[str]:
    """Return those literals that stand as a whole word or string in any of `texts`."""
    joined = "\n".join(texts)
    return frozenset(one for one in literals if _stands_in(one, joined))


def _is_held(literals: tuple[str, ...], text: str) -> bool:
    return bool(text) and all(_stands_in(one, text) for one in literals)


def _stands_in(word: str, text: str) -> bool:
    """Whether `word` stands in `text` with neither a dot nor a letter, digit or underscore beside it."""
    start = text.find(word)
    while start >= 0:
        beside = f"{text[max(0, start - 1) : start]}{text[start + len(word) : start + len(word) + 1]}"
        if not any(one.isalnum() or one in "._" for one in beside):
            return True
        start = text.find(word, start + 1)
    return False
