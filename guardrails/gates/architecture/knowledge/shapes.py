"""Questions about a node of `ast` that several rules ask: what a handler catches, what an expression shows."""

import ast
from collections.abc import Iterator

from guardrails.analysis.code.marks import Here

Function = ast.FunctionDef | ast.AsyncFunctionDef
METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace"})
# What shows its arguments as they are, so that a value inside is a value shown.
_SHOWING = frozenset({"builtins.str", "builtins.repr", "builtins.format", "builtins.dict", "builtins.list"})
_BROAD = frozenset({"builtins.Exception", "builtins.BaseException"})


def is_broad(handler: ast.ExceptHandler, here: Here) -> bool:
    """Whether the handler catches every exception there is."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(one is None or not _BROAD.isdisjoint(here.meanings(one)) for one in kinds)


def last_name(node: ast.AST) -> str:
    """Return the last identifier of `user.email`, `row["email"]` or `email`; the empty text for others."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return node.slice.value if isinstance(node.slice.value, str) else ""
    return ""


def shown_in(node: ast.AST, here: Here) -> Iterator[ast.expr]:
    """Yield the values that an expression makes readable: names, attributes, items, and calls that it does
    not look into; what a function was given is not what it returns."""
    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
        yield node
    elif isinstance(node, ast.Call):
        owner, method = called(node)
        if here.name(node.func) in _SHOWING or method in {"format", "join"}:
            for one in (*([owner] if owner else ()), *node.args, *(each.value for each in node.keywords)):
                yield from shown_in(one, here)
        else:
            yield node
    elif isinstance(node, ast.BinOp):
        yield from shown_in(node.left, here)
        yield from shown_in(node.right, here)
    elif isinstance(node, (ast.JoinedStr, ast.Tuple, ast.List, ast.Dict, ast.Starred, ast.FormattedValue)):
        for one in _parts(node):
            yield from shown_in(one, here)
    elif isinstance(node, ast.IfExp):
        yield from shown_in(node.body, here)
        yield from shown_in(node.orelse, here)
    elif isinstance(node, ast.BoolOp):
        for one in node.values:
            yield from shown_in(one, here)


def _parts(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, (ast.Dict, ast.JoinedStr)):
        yield from node.values
    elif isinstance(node, (ast.Tuple, ast.List)):
        yield from node.elts
    elif isinstance(node, (ast.Starred, ast.FormattedValue)):
        yield node.value


def called(call: ast.Call) -> tuple[ast.expr | None, str]:
    """Return whose method a call runs, and its name, also through `getattr`; (None, name) for a plain function."""
    function = call.func.value if isinstance(call.func, ast.NamedExpr) else call.func
    if isinstance(function, ast.Attribute):
        return function.value, function.attr
    if (
        isinstance(function, ast.Call)
        and isinstance(function.func, ast.Name)
        and function.func.id == "getattr"
    ):
        name = function.args[1] if len(function.args) > 1 else None
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            return function.args[0], name.value
    return None, function.id if isinstance(function, ast.Name) else ""


def function_around(here: Here) -> Function | None:
    """Return the innermost function that holds the node, through lambdas and comprehensions."""
    return next((one for one in here.around() if isinstance(one, Function)), None)


def route_of(function: ast.AST | None, here: Here) -> ast.Call | None:
    """Return the decorator that makes a function answer a path, as FastAPI and its kin write it."""
    for one in function.decorator_list if isinstance(function, Function) else ():
        if isinstance(one, ast.Call) and here.name(one.func).rpartition(".")[2] in METHODS:
            path = next(iter(one.args), None) or keyword(one, "path")
            if isinstance(path, ast.Constant) and isinstance(path.value, str) and path.value[:1] in {"/", ""}:
                return one
    return None


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """Return the value that a call gives `name`, or None."""
    return next((one.value for one in call.keywords if one.arg == name), None)


def parameters_of(function: Function) -> tuple[ast.arg, ...]:
    """Return the function's named parameters."""
    held = function.args
    return (*held.posonlyargs, *held.args, *held.kwonlyargs)
