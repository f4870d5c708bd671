"""Rewrites one module as if a flag had always had one value: branches go, the kept one stays.

Comments and layout outside the removed code are kept to the byte.
"""

import libcst as cst
from libcst.metadata import MetadataWrapper

from guardrails.model.frozen import frozen
from guardrails.tasks.flag.known import Known

_EXPOSING = ("exposure", "expose")
_LEAVING = (cst.Return, cst.Raise, cst.Continue, cst.Break)


@frozen
class Removed:
    """The module without the flag, and the lines at which its name still stands."""

    module: cst.Module
    left: tuple[int, ...]


def without_flag(module: cst.Module, flag: str, keep: str) -> Removed:
    """Return the module with `flag` settled to `keep`.

    Raises `Unclear` where a switch is read and `keep` is neither on nor off.
    """
    wrapper = MetadataWrapper(module)
    known = Known(wrapper, flag, keep)
    rewritten = wrapper.module.visit(_Removing(known, flag))
    lines = rewritten.code.splitlines()
    return Removed(rewritten, tuple(number for number, text in enumerate(lines, 1) if flag in text))


class _Removing(cst.CSTTransformer):
    def __init__(self, known: Known, flag: str) -> None:
        super().__init__()
        self._known = known
        self._flag = flag
        self._chained: set[cst.CSTNode] = set()
        self._flattened = False

    def on_leave(
        self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT
    ) -> "cst.CSTNodeT | cst.RemovalSentinel | cst.FlattenSentinel[cst.CSTNodeT]":
        """Put literals in place of known expressions before anything else is done to them."""
        if isinstance(original_node, cst.BaseExpression) and original_node in self._known:
            literal = _literal(self._known.value(original_node))
            if literal is not None:
                return literal  # type: ignore[return-value] # an expression for an expression
        return super().on_leave(original_node, updated_node)

    def visit_If(self, node: cst.If) -> None:  # noqa: N802 - libcst's name, as all below
        if isinstance(node.orelse, cst.If):
            self._chained.add(node.orelse)

    def leave_If(  # type: ignore[override]  # noqa: N802 - an `elif` may become an `else`, as libcst's code allows
        self, original_node: cst.If, updated_node: cst.If
    ) -> "cst.BaseStatement | cst.Else | cst.RemovalSentinel | cst.FlattenSentinel[cst.BaseStatement]":
        if original_node.test not in self._known:
            return updated_node
        self._flattened = True
        holds = bool(self._known.value(original_node.test))
        if original_node in self._chained:
            return _rest_of_chain(updated_node, holds)
        if holds:
            return _opened(updated_node.body, updated_node.leading_lines)
        rest = updated_node.orelse
        if isinstance(rest, cst.Else):
            return _opened(rest.body, updated_node.leading_lines)
        if isinstance(rest, cst.If):
            return rest.with_changes(leading_lines=updated_node.leading_lines)
        return cst.RemoveFromParent()

    def leave_While(  # noqa: N802
        self, original_node: cst.While, updated_node: cst.While
    ) -> "cst.BaseStatement | cst.RemovalSentinel":
        test = original_node.test
        return cst.RemoveFromParent() if test in self._known and not self._known.value(test) else updated_node

    def leave_IfExp(self, original_node: cst.IfExp, updated_node: cst.IfExp) -> cst.BaseExpression:  # noqa: N802
        if original_node.test not in self._known:
            return updated_node
        return updated_node.body if self._known.value(original_node.test) else updated_node.orelse

    def leave_BooleanOperation(  # noqa: N802
        self, original_node: cst.BooleanOperation, updated_node: cst.BooleanOperation
    ) -> cst.BaseExpression:
        # What decides was replaced as a whole; a known side that does not decide falls away.
        if original_node.left in self._known:
            return updated_node.right
        return updated_node.left if original_node.right in self._known else updated_node

    def leave_Match(  # noqa: N802
        self, original_node: cst.Match, updated_node: cst.Match
    ) -> "cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement] | cst.RemovalSentinel":
        if original_node.subject not in self._known:
            return updated_node
        value = self._known.value(original_node.subject)
        for case in updated_node.cases:
            fits = None if case.guard is not None else _fits(case.pattern, value)
            if fits is None:
                return updated_node
            if fits:
                self._flattened = True
                return _opened(case.body, updated_node.leading_lines)
        return cst.RemoveFromParent()

    def leave_Assign(  # noqa: N802
        self, original_node: cst.Assign, updated_node: cst.Assign
    ) -> "cst.Assign | cst.RemovalSentinel":
        return cst.RemoveFromParent() if original_node in self._known.dropped else updated_node

    def leave_Expr(self, original_node: cst.Expr, updated_node: cst.Expr) -> "cst.Expr | cst.RemovalSentinel":  # noqa: N802
        value = original_node.value
        inner = value.expression if isinstance(value, cst.Await) else value
        if value in self._known or (isinstance(inner, cst.Call) and self._exposes(inner)):
            return cst.RemoveFromParent()
        return updated_node

    def leave_IndentedBlock(  # noqa: N802
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        del original_node
        body = _reached(updated_node.body) if self._flattened else updated_node.body
        if not body:
            body = (cst.SimpleStatementLine([cst.Pass()]),)
        return updated_node.with_changes(body=body)

    def _exposes(self, call: cst.Call) -> bool:
        name = cst.Module([]).code_for_node(call.func).lower()
        values = [one.value for one in call.args]
        named = any(isinstance(one, cst.SimpleString) and one.evaluated_value == self._flag for one in values)
        return named and any(word in name for word in _EXPOSING)


def _literal(value: object) -> cst.BaseExpression | None:
    if isinstance(value, bool):
        return cst.Name(str(value))
    quoted = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if isinstance(value, str) else None
    return cst.SimpleString(quoted) if quoted is not None else None


def _rest_of_chain(node: cst.If, holds: bool) -> "cst.If | cst.Else | cst.RemovalSentinel":
    if holds:
        return cst.Else(body=node.body, leading_lines=node.leading_lines)
    return node.orelse if node.orelse is not None else cst.RemoveFromParent()


def _opened(
    body: cst.BaseSuite, leading: "tuple[cst.EmptyLine, ...] | list[cst.EmptyLine] | object"
) -> "cst.FlattenSentinel[cst.BaseStatement]":
    statements: list[cst.BaseStatement] = []
    if isinstance(body, cst.IndentedBlock):
        statements += body.body
    elif isinstance(body, cst.SimpleStatementSuite):
        statements.append(cst.SimpleStatementLine(body.body, trailing_whitespace=body.trailing_whitespace))
    lines = list(leading) if isinstance(leading, list | tuple) else []
    if statements:
        first = statements[0]
        own = list(getattr(first, "leading_lines", ()))
        statements[0] = first.with_changes(leading_lines=[*lines, *own])
    return cst.FlattenSentinel(statements)


def _reached(body: "tuple[cst.BaseStatement, ...] | object") -> tuple[cst.BaseStatement, ...]:
    """Return the statements up to the first that leaves the block."""
    kept: list[cst.BaseStatement] = []
    for one in body if isinstance(body, list | tuple) else ():
        kept.append(one)
        if isinstance(one, cst.SimpleStatementLine) and any(isinstance(each, _LEAVING) for each in one.body):
            break
    return tuple(kept)


def _fits(pattern: cst.MatchPattern, value: object) -> bool | None:
    """Return whether a literal pattern fits; None for one that cannot be told."""
    if isinstance(pattern, cst.MatchValue) and isinstance(pattern.value, cst.SimpleString):
        return pattern.value.evaluated_value == value
    if isinstance(pattern, cst.MatchSingleton):
        return {"True": True, "False": False, "None": None}[pattern.value.value] is value
    if isinstance(pattern, cst.MatchOr):
        parts = [_fits(one.pattern, value) for one in pattern.patterns]
        return None if None in parts else any(parts)
    if isinstance(pattern, cst.MatchAs) and pattern.pattern is None and pattern.name is None:
        return True
    return None
