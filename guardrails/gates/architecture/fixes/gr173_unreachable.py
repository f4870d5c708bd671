"""Statements that no run reaches go."""

import ast
from collections.abc import Iterator, Sequence
from itertools import pairwise

from guardrails.gates.architecture.fixes.text import Edit, Text
from guardrails.gates.architecture.fixing import Fix


def _edits(text: Text, lines: frozenset[int]) -> Iterator[Edit]:
    for node in ast.walk(text.tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                yield from _clearing(text, block, lines)


def _clearing(text: Text, block: Sequence[ast.stmt], lines: frozenset[int]) -> Iterator[Edit]:
    """Yield the edit that takes away the first statement of a block that was found, and all behind it."""
    # The first of a block can be reached by whoever reaches the block.
    for before, one in pairwise(block):
        last = block[-1]
        if _first_line(one) in lines or one.lineno in lines:
            if _stands_alone(text, one) and _ends_its_line(text, last):
                begin = _behind(text, before, one)
                yield Edit(text.line_begin(begin), text.line_begin((last.end_lineno or last.lineno) + 1), "")
            return


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)])


def _stands_alone(text: Text, statement: ast.stmt) -> bool:
    begin = text.line_begin(_first_line(statement))
    return not text.between(begin, begin + statement.col_offset).strip()


def _ends_its_line(text: Text, statement: ast.stmt) -> bool:
    line = statement.end_lineno or statement.lineno
    rest = text.between(text.end(statement), text.line_begin(line + 1)).strip(" \t\f;\r\n")
    return not rest or rest.startswith("#")


def _behind(text: Text, before: ast.stmt, one: ast.stmt) -> int:
    """Return the first line that goes: comments further in than the statement belong to what stands before it."""
    line = (before.end_lineno or before.lineno) + 1
    kept = line
    for number in range(line, _first_line(one)):
        content = text.lines[number - 1]
        if content.lstrip().startswith(b"#") and len(content) - len(content.lstrip()) > one.col_offset:
            kept = number + 1
    return kept


FIX = Fix("GR173", safe=True, says="remove what no run reaches", edits=_edits)
