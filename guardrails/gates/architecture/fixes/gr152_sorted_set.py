"""A loop over a set is given an order of its own."""

import ast
from collections.abc import Iterator

from guardrails.gates.architecture.fixes.text import Edit, Text
from guardrails.gates.architecture.fixing import Fix


def _edits(text: Text, lines: frozenset[int]) -> Iterator[Edit]:
    for node in ast.walk(text.tree):
        if isinstance(node, (ast.For, ast.ListComp)) and node.lineno in lines:
            gone_through = node.iter if isinstance(node, ast.For) else node.generators[0].iter
            if not _is_ordered(gone_through):
                yield from _sorted(text, gone_through)


def _is_ordered(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "sorted"


def _sorted(text: Text, node: ast.expr) -> Iterator[Edit]:
    begin, end = text.begin(node), text.end(node)
    is_bare = isinstance(node, ast.Tuple) and text.between(begin, begin + 1) != "("
    yield Edit(begin, begin, "sorted((" if is_bare else "sorted(")
    yield Edit(end, end, "))" if is_bare else ")")


FIX = Fix("GR152", safe=False, says="sort the set; its items must have an order", edits=_edits)
