"""What may keep a test from running or from counting: marks, calls and flags.

Unconditional is told apart from conditional, because the first switches a test off for good
and the second is how people say "not on this platform".
"""

import ast
from collections.abc import Iterable, Iterator, Mapping

from guardrails.gates.integrity.source import dotted_name, unparse
from guardrails.model.frozen import frozen

_CONDITIONAL_CALLS = frozenset({"pytest.importorskip"})
_SKIP_CALLS = frozenset({"pytest.skip", "pytest.xfail", "self.skipTest", "unittest.skip"})


@frozen
class Skip:
    """One reason for a test not to run: how it is written, where, and whether it depends on anything."""

    text: str
    line: int
    is_conditional: bool
    is_call: bool = False
    parameter: str = ""


def mark_skips(decorators: Iterable[ast.expr], aliases: Mapping[str, str]) -> Iterator[Skip]:
    """Yield the skips among decorators or `pytestmark` values, parametrize marks included."""
    for decorator in decorators:
        name = dotted_name(decorator, aliases)
        last = name.rsplit(".", 1)[-1]
        line = decorator.lineno
        if last == "parametrize":
            yield from _parameter_skips(decorator, aliases)
        elif last in {"skip", "expectedFailure"}:
            yield Skip(unparse(decorator), line, is_conditional=False)
        elif last in {"skipif", "skipIf", "skipUnless"}:
            yield Skip(unparse(decorator), line, _depends(decorator))
        elif last == "xfail":
            yield Skip(unparse(decorator), line, _depends(decorator, needs_condition=True))


def _depends(decorator: ast.expr, needs_condition: bool = False) -> bool:
    if not isinstance(decorator, ast.Call):
        return not needs_condition
    keywords = [word.value for word in decorator.keywords if word.arg == "condition"]
    conditions = [*decorator.args[:1], *keywords]
    if not conditions:
        return not needs_condition
    return not isinstance(conditions[0], ast.Constant) or isinstance(conditions[0].value, str)


def _parameter_skips(decorator: ast.expr, aliases: Mapping[str, str]) -> Iterator[Skip]:
    cases = decorator.args[1] if isinstance(decorator, ast.Call) and len(decorator.args) > 1 else None
    if isinstance(cases, ast.List | ast.Tuple) and not cases.elts:
        yield Skip(unparse(decorator), decorator.lineno, is_conditional=False)
    for one in ast.walk(decorator):
        if isinstance(one, ast.Call) and dotted_name(one.func, aliases).rsplit(".", 1)[-1] == "param":
            marks = next((word.value for word in one.keywords if word.arg == "marks"), None)
            if marks is None:
                continue
            listed = marks.elts if isinstance(marks, ast.List | ast.Tuple) else [marks]
            values = ", ".join(unparse(argument) for argument in one.args)
            for skip in mark_skips(listed, aliases):
                yield Skip(skip.text, one.lineno, skip.is_conditional, parameter=values)


def skip_from_call(call: ast.Call, aliases: Mapping[str, str], guarded: bool) -> Skip | None:
    """Return the skip that a call statement makes when it is reached, or None."""
    name = dotted_name(call.func, aliases)
    if name in _CONDITIONAL_CALLS:
        return Skip(unparse(call), call.lineno, is_conditional=True)
    if name in _SKIP_CALLS:
        return Skip(unparse(call), call.lineno, is_conditional=guarded, is_call=True)
    return None
