"""`time.sleep` in an async function becomes an awaited `asyncio.sleep`."""

import ast
from collections.abc import Iterator

from guardrails.gates.architecture.fixes.text import Edit, Text
from guardrails.gates.architecture.fixing import Fix

_BINDS_TIGHTER = (".", "(", "[")


def _edits(text: Text, lines: frozenset[int]) -> Iterator[Edit]:
    calls = [one for one in _sleeping(text.tree, is_async=False) if one.lineno in lines]
    for call in calls:
        rest = text.between(text.end(call), text.end(call) + 1)
        opens, closes = ("(", ")") if rest in _BINDS_TIGHTER else ("", "")
        yield Edit(text.begin(call), text.end(call.func), f"{opens}await asyncio.sleep")
        if closes:
            yield Edit(text.end(call), text.end(call), closes)
    if calls and not any(isinstance(one, ast.Import) and _names_asyncio(one) for one in text.tree.body):
        yield _import(text)


def _sleeping(node: ast.AST, *, is_async: bool) -> Iterator[ast.Call]:
    """Yield the calls that an async function makes itself, outermost first."""
    if is_async and isinstance(node, ast.Call) and _is_sleep(node.func):
        yield node
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        is_async = isinstance(node, ast.AsyncFunctionDef)
    for one in ast.iter_child_nodes(node):
        yield from _sleeping(one, is_async=is_async)


def _is_sleep(called: ast.expr) -> bool:
    is_named = isinstance(called, ast.Attribute) and called.attr == "sleep"
    return is_named and ast.unparse(called) == "time.sleep"


def _names_asyncio(statement: ast.Import) -> bool:
    return any(one.name == "asyncio" and one.asname is None for one in statement.names)


def _import(text: Text) -> Edit:
    """Return the import, before all that is neither docstring nor `__future__`."""
    first = next(one for one in text.tree.body if not _stays_first(one))
    lines = [one.lineno for one in (first, *getattr(first, "decorator_list", ()))]
    place = text.line_begin(min(lines))
    gap = "" if isinstance(first, (ast.Import, ast.ImportFrom)) else text.newline * 2
    return Edit(place, place, f"import asyncio{text.newline}{gap}")


def _stays_first(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str)
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


FIX = Fix(
    "GR102", safe=False, says="await asyncio.sleep instead; other tasks now run meanwhile", edits=_edits
)
