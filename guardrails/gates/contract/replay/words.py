"""Literals of the code that changed: a branch on a magic value is only entered by who knows the value."""

import ast
import warnings

from guardrails.analysis.code.selection import is_python
from guardrails.analysis.openapi.values import Json
from guardrails.model.gate import Context
from guardrails.model.policy import Service

_MOST = 60
_LONGEST = 80


def words_of(context: Context, service: Service, *, new: bool = False) -> tuple[Json, ...]:
    """Return the strings and numbers of the changed files of a service, those only one tree has first.

    With `new` the others are left out.
    """
    before: dict[Json, None] = {}
    after: dict[Json, None] = {}
    near: dict[Json, None] = {}
    for file in context.change.files:
        if service.owns(file.path) and is_python(file.path):
            modules = [_parsed(tree.read(file.path) or b"") for tree in (context.base, context.head)]
            before |= _literals(modules[0])
            after |= _literals(modules[1])
            near |= _near(modules[0], modules[1])
    own = [one for one in after if one not in before] + [one for one in before if one not in after]
    return tuple(dict.fromkeys(own if new else [*own, *near, *after]))[:_MOST]


def _parsed(source: bytes) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _near(before: ast.Module, after: ast.Module) -> dict[Json, None]:
    """Return the literals of the statements that differ, and of the constants that those name."""
    old = {ast.dump(one) for one in before.body}
    changed = [one for one in after.body if ast.dump(one) not in old]
    names = {node.id for one in changed for node in ast.walk(one) if isinstance(node, ast.Name)}
    constants = [
        one
        for one in after.body
        if isinstance(one, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id in names for target in one.targets)
    ]
    return {word: None for one in (*changed, *constants) for word in _literals(one)}


def _literals(module: ast.AST) -> dict[Json, None]:
    found: dict[Json, None] = {}
    documented = {id(text) for node in ast.walk(module) for text in _docstring(node)}
    compared = [
        inner for node in ast.walk(module) if isinstance(node, ast.Compare) for inner in ast.walk(node)
    ]
    # What a branch compares with is what a request must hold to enter it.
    for node in (*compared, *ast.walk(module)):
        if isinstance(node, ast.Constant) and id(node) not in documented and _is_word(node.value):
            found[node.value] = None  # type: ignore[index]  # words are JSON
    return found


def _is_word(value: object) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= _LONGEST and not value.startswith("/")
    return isinstance(value, int | float) and not isinstance(value, bool)


def _docstring(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
        first = node.body[0]
        return [first.value] if isinstance(first, ast.Expr) else []
    return []
