"""Syntax that is newer than the running interpreter, rewritten into what it can read.

`ast` speaks only its own interpreter's grammar; libcst speaks newer ones. What a rewrite loses
(type parameters, the text of an f-string) bears on no rule; every call, name, import and line
number stays.
"""

import re
from collections.abc import Iterable

import libcst as cst

_NOTHING = cst.Module([])
_BRACKET = re.compile(rb"[()\[\]{}]")
# libcst's parser recurses on the C stack: beyond such bounds hostile input could end the process.
_DEEPEST = 100
_LONGEST_LINE = 4_000


def downgraded(source: bytes) -> bytes | None:
    """Return the source with PEP 695, 696, 701, 750, 758, 798 and 810 syntax written the older way;
    None when libcst cannot read it either."""
    if _deepest(source) > _DEEPEST or max(map(len, source.splitlines()), default=0) > _LONGEST_LINE:
        return None
    try:
        return cst.parse_module(source).visit(_Older()).bytes
    except (
        cst.ParserSyntaxError,
        cst.CSTValidationError,
        SyntaxError,
        ValueError,
        LookupError,
        RecursionError,
    ):
        return None


def _deepest(source: bytes) -> int:
    depth = deepest = 0
    for one in _BRACKET.finditer(source):
        depth += 1 if one.group() in b"([{" else -1
        deepest = max(deepest, depth)
    return deepest


class _Older(cst.CSTTransformer):
    def on_visit(self, node: cst.CSTNode) -> bool:
        """Leave joined strings whole: libcst does not let their parts become tuples one by one."""
        return not isinstance(node, cst.ConcatenatedString)

    def on_leave(
        self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT
    ) -> cst.CSTNodeT | cst.RemovalSentinel | cst.FlattenSentinel[cst.CSTNodeT]:
        """Rewrite one node, its children done."""
        older = _older(updated_node)
        if older is updated_node:
            return updated_node
        missing = _lines(original_node) - _lines(older)
        return _padded(older, missing) if isinstance(older, cst.Tuple) and missing > 0 else older  # type: ignore[return-value]  # an expression for an expression, a statement for a statement


def _older(node: cst.CSTNode) -> cst.CSTNode:  # noqa: PLR0911 - one line a kind of syntax
    if isinstance(node, cst.FunctionDef | cst.ClassDef) and node.type_parameters:
        return node.with_changes(type_parameters=None)
    if isinstance(node, cst.TypeAlias):
        return cst.Assign(targets=[cst.AssignTarget(node.name)], value=node.value)
    if isinstance(node, cst.ExceptHandler | cst.ExceptStarHandler) and isinstance(node.type, cst.Tuple):
        return node.with_changes(type=_tuple(one.value for one in node.type.elements))
    if isinstance(node, cst.FormattedString | cst.TemplatedString):
        return _tuple(_expressions(node))
    if isinstance(node, cst.ConcatenatedString):
        return _joined(node)
    if isinstance(node, cst.BaseSimpleComp) and isinstance(node.elt, cst.StarredElement):
        return node.with_changes(elt=node.elt.value)
    if isinstance(node, cst.LazyImport):
        return cst.Import(names=node.names)
    if isinstance(node, cst.LazyImportFrom):
        return cst.ImportFrom(module=node.module, names=node.names, relative=node.relative)
    return node


def _expressions(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    if isinstance(node, cst.ConcatenatedString):
        return [*_expressions(node.left), *_expressions(node.right)]
    return _held(node.parts) if isinstance(node, cst.FormattedString | cst.TemplatedString) else []


def _held(parts: Iterable[cst.CSTNode]) -> list[cst.BaseExpression]:
    found = []
    for one in parts:
        if isinstance(one, cst.FormattedStringExpression | cst.TemplatedStringExpression):
            found += [one.expression, *_held(one.format_spec or ())]
    return found


def _joined(node: cst.ConcatenatedString) -> cst.BaseExpression:
    rewritten = [one.visit(_Older()) for one in _expressions(node)]
    return _tuple(one for one in rewritten if isinstance(one, cst.BaseExpression)) if rewritten else node


def _tuple(values: Iterable[cst.BaseExpression]) -> cst.Tuple:
    elements = [cst.Element(one, comma=cst.Comma()) for one in values]
    return cst.Tuple(elements, lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _lines(node: cst.CSTNode) -> int:
    return _NOTHING.code_for_node(node).count("\n")


def _padded(node: cst.Tuple, lines: int) -> cst.Tuple:
    space = cst.ParenthesizedWhitespace(
        first_line=cst.TrailingWhitespace(), empty_lines=[cst.EmptyLine(indent=False)] * (lines - 1)
    )
    return node.with_changes(lpar=[cst.LeftParen(whitespace_after=space)])
