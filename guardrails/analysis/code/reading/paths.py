"""Expressions as compact texts, written down before it is known what their names mean.

A *path* is `t.sleep`, `client().get`, `getattr(&time,sleep)` or `sys.modules[time]`. A leading `=`
marks a name that is resolved already, the empty text an expression that we do not follow. Dots
inside brackets are written as slashes. `names` turns paths into resolved names.
"""

import ast
import re
from collections.abc import Sequence

PLAIN = re.compile(r"[A-Za-z_][\w.]*\Z")
LONGEST_STRING = 120
LONGEST_TEXT = 80
_MOST_PARTS = 20
_LONGEST_PATH = 300
_TRANSPARENT = frozenset({"Optional", "Annotated", "ClassVar", "Final", "Required", "NotRequired"})
_ALIASES = frozenset({"Optional", "Annotated"})
_GENERATORS = frozenset({"Generator", "Iterator", "AsyncGenerator", "AsyncIterator"})
_CONTAINERS: dict[type[ast.AST], str] = {
    ast.Dict: "=builtins.dict()",
    ast.List: "=builtins.list()",
    ast.Set: "=builtins.set()",
    ast.DictComp: "=builtins.dict()",
    ast.ListComp: "=builtins.list()",
    ast.SetComp: "=builtins.set()",
}
_SINGLE = frozenset({ast.Name, ast.Attribute, ast.Call, ast.Constant})
_WRAPPED = (ast.Await, ast.NamedExpr)
_LITERALS = (ast.List, ast.Tuple, ast.Dict)
_WRITTEN = frozenset({ast.Starred, ast.UnaryOp, ast.Lambda})
_MOST_HELD = 12
_VIEWS = frozenset({"values", "items"})


def text_of(node: ast.AST) -> str:
    """Return the text of a constant that could be a name, else the empty text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) and PLAIN.match(node.value) else ""
    text = joined_text(node) if isinstance(node, ast.BinOp) else ""
    return text if PLAIN.match(text) else ""


def joined_text(node: ast.AST, depth: int = 0) -> str:
    """Return the text that constants joined by `+` make, else the empty text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add) or depth > _MOST_PARTS:
        return ""
    left, right = joined_text(node.left, depth + 1), joined_text(node.right, depth + 1)
    return left + right if left and right and len(left) + len(right) <= LONGEST_STRING else ""


class Paths:
    """Turns expressions into paths; knows which names a comprehension hides and which lambdas exist."""

    def __init__(self) -> None:
        self.hidden: tuple[str, ...] = ()
        self.standing: dict[str, str] = {}
        self.lambdas: dict[int, str] = {}
        self._calls: dict[int, str] = {}

    def path(self, node: ast.AST | None) -> str:
        """Return the path of an expression, or the empty text."""
        # Classes are compared, the commonest first: this runs for every expression.
        if node.__class__ is ast.Name:
            return self.standing.get(node.id, "") if node.id in self.hidden else node.id
        if node.__class__ is ast.Attribute:
            inner = self.path(node.value)
            return f"{inner}.{node.attr}" if inner else ""
        if node.__class__ is ast.Call:
            known = self._calls.get(id(node))
            if known is None:
                known = self._calls[id(node)] = self._called(node)
            return known
        return "" if node.__class__ is ast.Constant or node is None else self._rarer_path(node)

    def _rarer_path(self, node: ast.AST) -> str:
        if isinstance(node, ast.Subscript):
            inner, key = self.path(node.value), text_of(node.slice)
            return f"{inner}[{key.replace('.', '/')}]" if inner else ""
        if isinstance(node, _WRAPPED):
            return self.path(node.value)
        return _CONTAINERS.get(node.__class__, "")

    def _called(self, node: ast.Call) -> str:
        inner = self.path(node.func)
        if not inner or len(inner) > _LONGEST_PATH:
            return ""
        if inner == "getattr" and len(node.args) > 1:
            owner, name = self.path(node.args[0]), text_of(node.args[1])
            return f"{owner}.{name}" if owner and name else ""
        arguments = []
        for one in node.args[:2]:
            text = text_of(one)
            if not text:
                path = self.path(one)
                text = f"&{path}" if PLAIN.match(path) else ""
            arguments.append(text.replace(".", "/"))
        names = "/".join(one.arg for one in node.keywords if one.arg)
        return f"{inner}({','.join(arguments)}{';' + names if names else ''})"

    def alternatives(self, node: ast.AST) -> Sequence[str]:
        """Return the paths that an expression may stand for: both arms of a condition, items of a literal."""
        return (self.path(node),) if node.__class__ in _SINGLE else self._arms(node)

    def _arms(self, node: ast.AST) -> Sequence[str]:
        if isinstance(node, ast.IfExp):
            return [*self.alternatives(node.body), *self.alternatives(node.orelse)]
        if isinstance(node, ast.BoolOp):
            return [path for one in node.values for path in self.alternatives(one)]
        if isinstance(node, ast.Subscript) and isinstance(node.value, _LITERALS):
            held = node.value.values if isinstance(node.value, ast.Dict) else node.value.elts
            return [path for one in held for path in self.alternatives(one)]
        if isinstance(node, ast.NamedExpr):
            return self.alternatives(node.value)
        if isinstance(node, ast.Lambda):
            name = self.lambdas.get(id(node))
            return [f"=:{name}"] if name else [""]
        is_alias = isinstance(node, ast.Subscript) and self.path(node.value).rpartition(".")[2] in _ALIASES
        return (self.annotation(node) if is_alias else self.path(node),)

    def held_in(self, node: ast.AST) -> list[tuple[str, str]]:
        """Return the paths of what a literal container holds, each with its key where that could be a name."""
        if isinstance(node, ast.Dict):
            pairs = [
                ("" if key is None else text_of(key), value)
                for key, value in zip(node.keys, node.values, strict=True)
            ]
        elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            pairs = [("", one) for one in node.elts]
        else:
            return []
        found = [(key, path) for key, one in pairs[:_MOST_HELD] for path in self.alternatives(one)]
        return [(key, path) for key, path in found if path and not path.startswith("=builtins")]

    def each_of(self, node: ast.AST) -> str:
        """Return the path of what a loop over `node` takes in turn, where that may be the items of a literal."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _VIEWS:
            node = node.func.value
        path = self.path(node)
        return f"{path}[*]" if path and PLAIN.match(path) else ""

    def annotation(self, node: ast.AST | None) -> str:
        """Return the path of the class that an annotation names, without Optional, Annotated or None."""
        if node is None or node.__class__ is ast.Name or node.__class__ is ast.Attribute:
            return self.path(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value.strip().removesuffix("| None").strip()
            return text if PLAIN.match(text) else ""
        if isinstance(node, ast.BinOp):
            sides = [one for one in (node.left, node.right) if not _is_none(one)]
            return self.annotation(sides[0]) if len(sides) == 1 else ""
        if isinstance(node, ast.Subscript):
            base = self.path(node.value)
            if base.rpartition(".")[2] not in _TRANSPARENT:
                return base
            inner = node.slice
            return self.annotation(inner.elts[0] if isinstance(inner, ast.Tuple) and inner.elts else inner)
        return ""

    def yielded(self, node: ast.AST | None) -> list[str]:
        """Return the path of what a generator's annotation says that it yields, if it says so."""
        if not isinstance(node, ast.Subscript) or self.path(node.value).rpartition(".")[2] not in _GENERATORS:
            return []
        first = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice
        named = self.annotation(first)
        return [f"{named}()"] if named else []

    def brief(self, node: ast.AST) -> str:
        """Return an argument as a short text: a constant's repr, `&path`, a lambda's code, or `...`."""
        if node.__class__ is ast.Constant:
            return repr(node.value)[:LONGEST_TEXT]
        if node.__class__ is ast.Name:
            is_plain = node.id.isascii() or PLAIN.match(node.id)
            return f"&{node.id}" if is_plain and node.id not in self.hidden else "..."
        if node.__class__ is ast.Attribute:
            path = self.path(node)
            return f"&{path}" if PLAIN.match(path) else "..."
        if node.__class__ is ast.Call:
            path = self.path(node)
            return f"&{path.partition('(')[0]}()" if path and not path.startswith("=") else "..."
        if node.__class__ is ast.BinOp:
            text = joined_text(node)
            return repr(text)[:LONGEST_TEXT] if text else "..."
        return _written(node) if node.__class__ in _WRITTEN else "..."


def _written(node: ast.AST) -> str:
    if isinstance(node, ast.Starred):
        return "*"
    is_number = isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)
    text = ast.unparse(node) if is_number or isinstance(node, ast.Lambda) else "..."
    return text if len(text) <= LONGEST_STRING else "..."


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
