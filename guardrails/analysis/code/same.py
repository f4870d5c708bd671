"""Writes a function so that two that do the same are written the same.

Names of its own are numbered, names of others are what they mean in the whole tree; docstrings,
annotations, decorators and the function's name are left out.
"""

import ast
import builtins
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from guardrails.analysis.code.facts import Facts
from guardrails.analysis.code.graph import Graph, Symbol

FEWEST_WORDS = 30
"""Smaller functions are alike by chance more often than by copying."""
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_WORD = re.compile(r"[$\w.]+")
_NAMING = (*_DEFINITIONS, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)
_LEFT_OUT = frozenset(
    {"ctx", "kind", "type_comment", "annotation", "returns", "decorator_list", "type_params", "type_ignores"}
)
_BUILTINS = frozenset(dir(builtins))


def normal_form(graph: Graph, symbol: Symbol) -> str | None:
    """Return the function's text; None for one that is too small, cannot be read, or says little itself."""
    path = graph.modules.by_name[symbol.module]
    facts = graph.facts(symbol.module)
    scope = facts.scopes[symbol.scope]
    try:
        tree = _parsed(graph.code.tree.read(path) or b"")
        function = _function_at(tree, scope.line, scope.end)
        if function is None or _is_stub(function):
            return None
        text = _Writing(graph, symbol, function).text()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # what this interpreter cannot read is said by GR100
    return text if len(_WORD.findall(text)) >= FEWEST_WORDS else None


@lru_cache(maxsize=8)
def _parsed(source: bytes) -> ast.Module:
    return ast.parse(source)


def _function_at(tree: ast.AST, line: int, end: int) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    for one in ast.walk(tree):
        if isinstance(one, _DEFINITIONS) and one.end_lineno == end:
            first = min((each.lineno for each in one.decorator_list), default=one.lineno)
            if first == line:
                return one
    return None


def _is_stub(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the function only declares: overloads and abstract methods are alike on purpose."""
    names = {ast.unparse(one).rpartition(".")[2] for one in function.decorator_list}
    return not names.isdisjoint({"overload", "abstractmethod"})


class _Writing:
    """One function while it is written."""

    def __init__(
        self, graph: Graph, symbol: Symbol, function: ast.FunctionDef | ast.AsyncFunctionDef
    ) -> None:
        self._graph = graph
        self._symbol = symbol
        self._facts: Facts = graph.facts(symbol.module)
        self._function = function
        self._own = frozenset(_bound_in(function))
        self._imported = dict(_imported_in(function))
        self._numbers: dict[str, int] = {}
        self._meanings: dict[str, str] = {}

    def text(self) -> str:
        """Return the function's parameters and body."""
        kind = type(self._function).__name__
        body = "".join(self._written(one) for one in _without_docstring(self._function.body))
        return f"{kind} {self._written(self._function.args)}: {body}"

    def _written(self, node: ast.AST | None) -> str:
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.Constant):
            return f"{type(node.value).__name__} {node.value!r}"
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Attribute):
            return f"{self._written(node.value)}.{node.attr}"
        return self._statement(node)

    def _statement(self, node: ast.AST | None) -> str:
        if node is None or isinstance(node, (ast.Import, ast.ImportFrom)):
            return ""
        if isinstance(node, ast.AnnAssign):
            return f"Assign([{self._written(node.target)}],{self._written(node.value)})" if node.value else ""
        return f"{type(node).__name__}({','.join(self._fields(node))})"

    def _call(self, node: ast.Call) -> str:
        function: ast.expr = node.func.value if isinstance(node.func, ast.NamedExpr) else node.func
        given = function.args if isinstance(function, ast.Call) else []
        name = (
            given[1] if given[1:] and isinstance(function, ast.Call) and _is_getattr(function.func) else None
        )
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            called = f"{self._written(given[0])}.{name.value}"
        else:
            called = self._written(function)
        return f"{called}({','.join(map(self._written, (*node.args, *node.keywords)))})"

    def _fields(self, node: ast.AST) -> Iterator[str]:
        for name, value in ast.iter_fields(node):
            if name in _LEFT_OUT:
                continue
            if isinstance(value, list):
                held = (
                    _without_docstring(value) if name == "body" and isinstance(node, _DEFINITIONS) else value
                )
                yield f"[{','.join(map(self._item, held))}]"
            elif isinstance(value, ast.AST):
                yield self._written(value)
            else:
                yield self._own_name(value)

    def _item(self, value: object) -> str:
        return self._written(value) if isinstance(value, ast.AST) else self._own_name(value)

    def _own_name(self, value: object) -> str:
        """Return a text field: a parameter's, handler's or nested function's name by its number."""
        return self._name(value) if isinstance(value, str) and value in self._own else repr(value)

    def _name(self, name: str) -> str:
        if name in self._own and name not in self._imported:
            return f"${self._numbers.setdefault(name, len(self._numbers))}"
        if name not in self._meanings:
            self._meanings[name] = self._meaning(name).replace(":", ".")
        return self._meanings[name]

    def _meaning(self, name: str) -> str:
        """Return what a name from outside means in the whole tree."""
        graph, module = self._graph, self._symbol.module
        dotted = self._imported.get(name) or self._imported_around(name)
        if dotted:
            found = graph.meanings(module, dotted)
            return " ".join(found) or graph.modules.absolute(module, dotted)
        for scope in _scopes_around(self._facts, self._symbol.scope):
            holder = f"{self._facts.scopes[scope].name}.{name}" if scope else name
            if any(one.name == holder for one in self._facts.scopes) or (
                not scope and name in self._facts.exports
            ):
                return f"{module}:{holder}"
        return name if name in _BUILTINS else f"{module}:{name}"

    def _imported_around(self, name: str) -> str:
        around = set(_scopes_around(self._facts, self._symbol.scope))
        for one in self._facts.imports:
            if one.scope in around and name == (one.alias or one.name or one.module.partition(".")[0]):
                joint = "" if one.module.endswith(".") or not one.name else "."
                plain = one.module if one.alias or one.name else one.module.partition(".")[0]
                return f"{plain}{joint}{one.name}"
        return ""


def _scopes_around(facts: Facts, scope: int) -> Iterator[int]:
    while scope > 0:
        scope = facts.scopes[scope].parent
        yield scope


def _is_getattr(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "getattr"


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] if is_text and len(body) > 1 else body


def _bound_in(function: ast.AST) -> Iterator[str]:
    """Yield the names that the function, or anything in it, binds."""
    outside: set[str] = set()
    found = []
    for one in ast.walk(function):
        if isinstance(one, ast.Global):
            outside.update(one.names)
        elif isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load):
            found.append(one.id)
        elif isinstance(one, ast.arg):
            found.append(one.arg)
        elif isinstance(one, _NAMING) and one is not function and one.name:
            found.append(one.name)
    yield from (one for one in found if one not in outside)


def _imported_in(function: ast.AST) -> Mapping[str, str]:
    found = {}
    for one in ast.walk(function):
        if isinstance(one, ast.Import):
            for alias in one.names:
                found[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(one, ast.ImportFrom):
            module = "." * one.level + (one.module or "")
            for alias in one.names:
                joint = "" if module.endswith(".") else "."
                found[alias.asname or alias.name] = f"{module}{joint}{alias.name}"
    return found
