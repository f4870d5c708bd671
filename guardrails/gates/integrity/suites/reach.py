"""Which assertions and skips of a function can be reached, statement by statement.

What stands after a `return`, under a false condition, or in a `try` that swallows its failure
is left out: pytest would never notice it.
"""

import ast
from collections.abc import Mapping

from guardrails.gates.integrity.source import Function, blocks_of, dotted_name, unparse
from guardrails.gates.integrity.suites.assertions import (
    Assertion,
    assertion_from,
    assertion_from_call,
    raised_by,
)
from guardrails.gates.integrity.suites.skips import Skip, skip_from_call
from guardrails.model.frozen import replace

_SWALLOWING = frozenset({"", "Exception", "BaseException", "AssertionError", "builtins.AssertionError"})


class Reading:
    """What one walk over statements gathers; `in_module` keeps out of functions."""

    def __init__(self, aliases: Mapping[str, str], in_module: bool) -> None:
        self.aliases = aliases
        self.in_module = in_module
        self.assertions: list[Assertion] = []
        self.skips: list[Skip] = []


def read(body: list[ast.stmt], aliases: Mapping[str, str], *, in_module: bool = False) -> Reading:
    """Return the assertions and skips that running `body` reaches."""
    reading = Reading(aliases, in_module)
    _walk(body, reading, guarded=False)
    return reading


def _walk(body: list[ast.stmt], reading: Reading, *, guarded: bool) -> None:
    """Gather from `body` until a statement that nothing after it can be reached past."""
    for statement in body:
        _gather(statement, reading, guarded=guarded)
        if isinstance(statement, ast.Return | ast.Raise | ast.Continue | ast.Break):
            if isinstance(statement, ast.Raise) and "SkipTest" in unparse(statement):
                reading.skips.append(Skip("raise SkipTest", statement.lineno, is_conditional=guarded))
            return
        if not guarded and any(one.line == statement.lineno and one.is_call for one in reading.skips):
            return


def _gather(statement: ast.stmt, reading: Reading, *, guarded: bool) -> None:
    if isinstance(statement, ast.Assert):
        _add(reading, assertion_from(statement.test, statement.lineno), guarded=guarded)
    elif isinstance(statement, ast.Expr):
        _gather_call(statement.value, reading, guarded=guarded)
    elif isinstance(statement, ast.With | ast.AsyncWith):
        _gather_with(statement, reading, guarded=guarded)
    elif isinstance(statement, ast.If | ast.While):
        _gather_branch(statement, reading, guarded=guarded)
    elif isinstance(statement, ast.For | ast.AsyncFor):
        if not (isinstance(statement.iter, ast.List | ast.Tuple) and not statement.iter.elts):
            _walk(statement.body, reading, guarded=guarded)
        _walk(statement.orelse, reading, guarded=guarded)
    elif isinstance(statement, ast.Try | ast.TryStar):
        _gather_try(statement, reading, guarded=guarded)
    elif isinstance(statement, Function):
        if not reading.in_module:
            _walk(statement.body, reading, guarded=guarded)
    else:
        for block in blocks_of(statement):
            _walk(block, reading, guarded=True)


def _add(reading: Reading, assertion: Assertion | None, *, guarded: bool) -> None:
    if assertion is not None:
        reading.assertions.append(replace(assertion, guarded=guarded))


def _gather_call(value: ast.expr, reading: Reading, *, guarded: bool) -> None:
    call = value.value if isinstance(value, ast.Await) else value
    if not isinstance(call, ast.Call):
        return
    skip = skip_from_call(call, reading.aliases, guarded)
    if skip is not None:
        reading.skips.append(skip)
        return
    _add(reading, assertion_from_call(call, reading.aliases), guarded=guarded)


def _gather_with(statement: ast.With | ast.AsyncWith, reading: Reading, *, guarded: bool) -> None:
    swallowed = False
    for item in statement.items:
        _add(reading, raised_by(item.context_expr, reading.aliases), guarded=guarded)
        call = item.context_expr
        if isinstance(call, ast.Call) and dotted_name(call, reading.aliases).endswith("suppress"):
            swallowed |= any(dotted_name(one, reading.aliases) in _SWALLOWING for one in call.args)
    if not swallowed:
        _walk(statement.body, reading, guarded=guarded)


def _gather_branch(statement: ast.If | ast.While, reading: Reading, *, guarded: bool) -> None:
    test = statement.test
    if isinstance(test, ast.Constant):
        _walk(statement.body if test.value else statement.orelse, reading, guarded=guarded)
        return
    _walk(statement.body, reading, guarded=True)
    _walk(statement.orelse, reading, guarded=True)


def _gather_try(statement: ast.Try | ast.TryStar, reading: Reading, *, guarded: bool) -> None:
    if not any(_swallows(one, reading.aliases) for one in statement.handlers):
        _walk(statement.body, reading, guarded=guarded)
    for handler in statement.handlers:
        _walk(handler.body, reading, guarded=True)
    _walk(statement.orelse, reading, guarded=guarded)
    _walk(statement.finalbody, reading, guarded=guarded)


def _swallows(handler: ast.ExceptHandler, aliases: Mapping[str, str]) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    broad = any(one is None or dotted_name(one, aliases) in _SWALLOWING for one in kinds)
    does_something = any(isinstance(one, ast.Raise | ast.Assert | ast.Call) for one in ast.walk(handler))
    return broad and not does_something
