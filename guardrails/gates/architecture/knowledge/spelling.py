"""What a call is written on, seen through the ways to write it: a dot, `getattr`, a walrus."""

import ast
from collections.abc import Iterable, Iterator


def method_of(function: ast.expr) -> tuple[ast.expr | None, str]:
    """Return the object and the name of a called method, or (None, name) of a plain function; the name
    is empty where the code does not tell it."""
    if isinstance(function, ast.NamedExpr):
        return method_of(function.value)
    if isinstance(function, ast.Attribute):
        return function.value, function.attr
    if isinstance(function, ast.Name):
        return None, function.id
    if isinstance(function, ast.Call) and len(function.args) > 1 and method_of(function.func)[1] == "getattr":
        owner, name = function.args[:2]
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            return owner, name.value
    return None, ""


def methods_called(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the names of the functions and methods that the nodes call."""
    for one in nodes:
        if isinstance(one, ast.Call):
            yield method_of(one.func)[1]
