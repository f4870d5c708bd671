"""Python text to syntax tree and names, without ever raising on what a change may contain."""

import ast
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

Function = ast.FunctionDef | ast.AsyncFunctionDef
Scope = ast.Module | ast.ClassDef | Function


@lru_cache(maxsize=512)
def parse(text: str) -> ast.Module | None:
    """Return the syntax tree of `text`, shared and not to be altered; None when it does not parse."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def nodes_in(node: ast.AST) -> Sequence[ast.AST]:
    """Return `node` and all below it, nearest first, as `ast.walk` does at twice the cost; contexts are left out."""
    found = [node]
    for one in found:  # which grows on the way
        for name in one._fields:
            held = getattr(one, name, None)
            if isinstance(held, list):
                found += [each for each in held if isinstance(each, ast.AST)]
            elif isinstance(held, ast.AST) and name != "ctx":
                found.append(held)
    return found


def unparse(node: ast.AST) -> str:
    """Return normalised source of `node`: one quoting style, one spacing, no comments."""
    try:
        return ast.unparse(node)
    except (RecursionError, ValueError):
        return ast.dump(node)[:10_000]


def aliases_of(module: ast.Module) -> Mapping[str, str]:
    """Return the dotted name that each imported or simply re-assigned module-level name stands for."""
    found: dict[str, str] = {}
    for node in nodes_in(module):
        if isinstance(node, ast.Import):
            for name in node.names:
                found[name.asname or name.name.split(".")[0]] = (
                    name.name if name.asname else name.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            prefix = "." * node.level + (node.module or "")
            for name in node.names:
                found[name.asname or name.name] = f"{prefix}.{name.name}".lstrip(".")
    for statement in module.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            dotted = dotted_name(statement.value, found)
            if dotted and statement.targets[0].id not in found:
                found[statement.targets[0].id] = dotted
    return found


def dotted_name(node: ast.AST, aliases: Mapping[str, str]) -> str:
    """Return `a.b.c` for a chain of attributes with its root's alias resolved; calls are looked through."""
    parts: list[str] = []
    while True:
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Name):
            parts.append(aliases.get(node.id, node.id))
            return ".".join(reversed(parts))
        else:
            return ""


def functions_of(scope: Scope, prefix: str = "") -> Iterator[tuple[str, Function, tuple[ast.ClassDef, ...]]]:
    """Yield (qualified name, function, enclosing classes) of a module's functions and methods.

    Blocks such as `if` and `try` are looked into; functions inside functions are not.
    """
    yield from _functions(scope.body, prefix, ())


def _functions(
    body: list[ast.stmt], prefix: str, classes: tuple[ast.ClassDef, ...]
) -> Iterator[tuple[str, Function, tuple[ast.ClassDef, ...]]]:
    for node in body:
        if isinstance(node, Function):
            yield prefix + node.name, node, classes
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{prefix}{node.name}::", (*classes, node))
        elif isinstance(node, ast.If) and isinstance(node.test, ast.Constant):
            yield from _functions(node.body if node.test.value else node.orelse, prefix, classes)
        else:
            for block in blocks_of(node):
                yield from _functions(block, prefix, classes)


def own_nodes(function: Function) -> Iterator[ast.AST]:
    """Yield the nodes of a function that are not inside a function or lambda of its own."""
    left: list[ast.AST] = [*function.body]
    while left:
        node = left.pop()
        yield node
        if not isinstance(node, Function | ast.Lambda | ast.ClassDef):
            left += ast.iter_child_nodes(node)


def blocks_of(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the statement lists directly inside a compound statement that is no function or class."""
    if isinstance(node, ast.If | ast.For | ast.AsyncFor | ast.While):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.With | ast.AsyncWith):
        yield node.body
    elif isinstance(node, ast.Try | ast.TryStar):
        yield from (node.body, *(handler.body for handler in node.handlers), node.orelse, node.finalbody)
    elif isinstance(node, ast.Match):
        yield from (case.body for case in node.cases)


def literals_in(node: ast.AST) -> tuple[str, ...]:
    """Return the reprs of the constants in `node`, in order; docstring-like None and Ellipsis left out."""
    return tuple(
        repr(one.value)
        for one in nodes_in(node)
        if isinstance(one, ast.Constant) and one.value is not None and one.value is not ...
    )
