"""Which operations changed code can reach, by names alone: what may be called so, counts as called.

A name that is mentioned anywhere in what a handler reaches is followed to every definition of
that name in the service, so an operation is only left out when nothing in its reach so much as
mentions what changed. What runs outside of handlers, or cannot be told, concerns all of them.
"""

import ast
import json
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence

from guardrails.analysis.code.selection import is_python
from guardrails.analysis.openapi.operations import Operation
from guardrails.model.frozen import frozen
from guardrails.model.gate import Context
from guardrails.model.policy import Service
from guardrails.model.ports import Tree

_ANYWHERE = ""
_ROUTES = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "api_route", "route"})
_VERBS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_SCHEMA = "mentions/2/"
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@frozen
class Names:
    """Of one file: each definition's digest by name, and the names that definitions of a name mention.

    The empty name stands for what runs when the file is imported. `routes` are those that
    decorators write, in their order, as `METHOD /path`; a path that is computed is `?`.
    """

    digests: Mapping[str, str]
    mentions: Mapping[str, frozenset[str]]
    routes: Sequence[str]


@frozen
class Reach:
    """What a change can alter: operations by handler code (None for all), and those whose document differs."""

    by_code: frozenset[str] | None
    by_document: frozenset[tuple[str, str]] = frozenset()

    def has(self, operation: Operation) -> bool:
        """Whether the change can alter how the operation answers."""
        label = f"{operation.method.upper()} {operation.path}"
        is_named = (operation.method, operation.path) in self.by_document
        return self.by_code is None or is_named or label in self.by_code


def reached(
    context: Context, service: Service, known: Callable[[], Mapping[str, tuple[str, ...]]]
) -> frozenset[str] | None:
    """Return which of the operations `METHOD /path` may run what changed; None when that cannot be told.

    `known` gives the functions behind each operation of base; a change of comments never asks it.
    """
    pairs = _changed_files(context, service)
    changed = None if pairs is None else _changed_names(pairs)
    moved = frozenset(route for pair in pairs or () for route in _moved(*(one.routes for one in pair)))
    if changed is None or not (changed or moved):
        return changed
    handlers = known()
    if not handlers:
        return None
    graph = _graph(context, service)
    outside = _closure(graph, [_ANYWHERE, service.app.rpartition(":")[2]])
    if changed & outside:
        return None
    found, everything = set(), set()
    for operation, functions in handlers.items():
        names = _closure(graph, [one.rpartition(":")[2].rpartition(".")[2] for one in functions])
        everything |= names
        if names & changed or any(_may_take(route, operation) for route in moved):
            found.add(operation)
    return frozenset(found) if changed <= everything else None


def _changed_files(context: Context, service: Service) -> list[tuple[Names, Names]] | None:
    """Return the names of each changed file in base and in head; None where they do not tell everything."""
    found = []
    for file in context.change.files:
        if not service.owns(file.path):
            continue
        if not is_python(file.path) or file.old is None or file.new is None:
            return None
        before, after = (_names_of(context, tree, file.path) for tree in (context.base, context.head))
        if before is None or after is None:
            return None
        found.append((before, after))
    return found


def _changed_names(pairs: Iterable[tuple[Names, Names]]) -> frozenset[str] | None:
    changed: set[str] = set()
    for before, after in pairs:
        for name in {*before.digests, *after.digests}:
            if before.digests.get(name) == after.digests.get(name):
                continue
            if name == _ANYWHERE or name.startswith("__"):
                return None
            if name in before.digests:  # what is new is only reached from what changed as well
                changed.add(name)
    return frozenset(changed)


def _moved(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """Return the routes that are new or stand in another order, so that they may take another one's requests."""
    in_order = [one for one in before if one in after] == [one for one in after if one in before]
    return set(after) - set(before) if in_order else {*before, *after}


def _may_take(route: str, operation: str) -> bool:
    """Whether a route, its router's prefix unknown, may match requests to the operation."""
    verb, _, written = route.partition(" ")
    method, _, path = operation.partition(" ")
    if verb in _VERBS and verb != method:
        return False
    parts, known = written.strip("/").split("/"), path.strip("/").split("/")
    if written == "?" or ":path}" in written:
        return True
    pairs = zip(reversed(parts), reversed(known), strict=False)
    return len(parts) <= len(known) and all(one == other or "{" in one + other for one, other in pairs)


def _graph(context: Context, service: Service) -> Mapping[str, set[str]]:
    graph: dict[str, set[str]] = {}
    for tree in (context.base, context.head):
        for path in tree.entries():
            if is_python(path) and service.owns(path) and not path.startswith(service.tests or ("\0",)):
                found = _names_of(context, tree, path)
                for name, mentioned in (found.mentions if found else {}).items():
                    graph.setdefault(name, set()).update(mentioned)
    return graph


def _closure(graph: Mapping[str, set[str]], starts: Iterable[str]) -> set[str]:
    seen = set(starts)
    queue = list(seen)
    while queue:
        fresh = graph.get(queue.pop(), set()) - seen
        seen |= fresh
        queue += fresh
    return seen


def _names_of(context: Context, tree: Tree, path: str) -> Names | None:
    """Return a file's names, from the cache where its blob is known; None for what cannot be parsed."""
    entry = tree.entries().get(path)
    if entry is None:
        return None
    cache, key = context.laboratory.cache, _SCHEMA + entry.blob
    stored = cache.get(key)
    if stored is None:
        stored = json.dumps(_plain(tree.read(path) or b"")).encode()
        cache.put(key, stored)
    plain = json.loads(stored)
    if plain is None:
        return None
    return Names(plain[0], {name: frozenset(found) for name, found in plain[1].items()}, plain[2])


def _plain(source: bytes) -> tuple[dict[str, str], dict[str, list[str]], list[str]] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(source)
        return _gathered(module)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _gathered(module: ast.Module) -> tuple[dict[str, str], dict[str, list[str]], list[str]]:
    digests: dict[str, list[str]] = {}
    mentions: dict[str, set[str]] = {}
    routes: list[str] = []
    for statement in module.body:
        for name, part in _defined(statement):
            digests.setdefault(name, []).append(ast.dump(part))
            mentions.setdefault(name, set()).update(_mentioned(part))
            if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for decorator in part.decorator_list:
                route = _route(decorator)
                if route:
                    routes.append(route)
                else:  # it does more at import than to say which requests the function answers
                    digests.setdefault(_ANYWHERE, []).append(ast.dump(decorator))
                    mentions.setdefault(_ANYWHERE, set()).update(_mentioned(decorator))
    return (
        {name: "\n".join(found) for name, found in digests.items()},
        {name: sorted(found) for name, found in mentions.items()},
        routes,
    )


def _route(decorator: ast.expr) -> str:
    """Return the route that a decorator writes as `METHOD /path`; empty for one that does something else."""
    if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
        return ""
    if decorator.func.attr not in _ROUTES:
        return ""
    named = [one.value for one in decorator.keywords if one.arg == "path"]
    first = next(iter([*decorator.args, *named]), None)
    path = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else "?"
    return f"{decorator.func.attr.upper()} {path}"


def _defined(statement: ast.stmt) -> Iterable[tuple[str, ast.AST]]:
    """Yield the names that a statement of a module binds, each with the part that says what it is."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        yield statement.name, statement
    elif isinstance(statement, ast.ClassDef):
        yield from _members_of(statement)
    elif isinstance(statement, ast.Assign) and all(isinstance(one, ast.Name) for one in statement.targets):
        for target in statement.targets:
            if isinstance(target, ast.Name):
                yield target.id, statement
        if not isinstance(statement.value, ast.Constant):
            yield _ANYWHERE, statement.value
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        yield statement.target.id, statement
        if statement.value is not None and not isinstance(statement.value, ast.Constant):
            yield _ANYWHERE, statement.value
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        for alias in statement.names:
            yield alias.asname or alias.name.partition(".")[0], statement
    elif not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
        yield _ANYWHERE, statement


def _members_of(statement: ast.ClassDef) -> Iterable[tuple[str, ast.AST]]:
    methods = [one for one in statement.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    rest = [one for one in statement.body if one not in methods]
    kept = ast.ClassDef(
        name=statement.name,
        bases=statement.bases,
        keywords=statement.keywords,
        body=rest,
        decorator_list=statement.decorator_list,
    )
    yield statement.name, kept
    for method in methods:
        yield method.name, method
        # Whoever names the class may call what no one calls by name.
        if method.name.startswith("__"):
            yield statement.name, method


def _mentioned(part: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(part):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.alias):
            found |= {node.name.rpartition(".")[2], node.asname or ""} - {""}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            found.add(node.value)  # getattr, and annotations in quotes
    return found
