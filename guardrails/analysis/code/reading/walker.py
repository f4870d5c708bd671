"""Walks a syntax tree by the class of each node, quicker than `ast.NodeVisitor` does.

The pass over a file is the cost that every cold run pays. Which function visits a class of nodes is
settled once for all files: what needs no handler gets a function written for its fields, and what holds
nothing of interest (`pass`, a missing `else`, an operator) one that returns at once. A walker holds no
reference to itself, so that a file's syntax tree is gone as soon as the file is read.
"""

import ast
from collections.abc import Callable, Collection, Iterable, Sequence

from guardrails.analysis.code.marks import Around, Note
from guardrails.analysis.code.reading.paths import Paths

_SKIPPED = frozenset({"ctx", "op", "ops"})
_HANDLERS = {
    "Name": "name", "Constant": "constant", "Attribute": "attribute", "Call": "call", "Expr": "expression",
    "Assign": "assign", "AnnAssign": "annotated", "AugAssign": "augmented", "NamedExpr": "walrus",
    "FunctionDef": "function", "AsyncFunctionDef": "function", "ClassDef": "class", "Lambda": "lambda",
    "Import": "import", "ImportFrom": "import_from", "If": "if", "For": "for", "AsyncFor": "for",
    "While": "while", "Try": "try", "TryStar": "try", "ExceptHandler": "handler", "With": "with",
    "AsyncWith": "with", "Await": "await", "Compare": "compare", "Subscript": "subscript", "Global": "global",
    "Nonlocal": "nonlocal", "ListComp": "comprehension", "SetComp": "comprehension", "GeneratorExp": "comprehension",
    "DictComp": "comprehension", "MatchAs": "capture", "MatchStar": "capture", "Raise": "raise",
    "BoolOp": "choice", "IfExp": "choice_of_two", "match_case": "case", "BinOp": "operation",
    "Return": "given", "Yield": "given",
}  # fmt: skip
# What `Here.around` tells of.
_HOLDING = frozenset({
    "FunctionDef", "AsyncFunctionDef", "ClassDef", "Lambda", "If", "For", "AsyncFor", "While", "Try", "TryStar",
    "ExceptHandler", "With", "AsyncWith", "Match", "ListComp", "SetComp", "GeneratorExp", "DictComp",
})  # fmt: skip

Visit = Callable[["Walker", ast.AST], None]
_CHILDREN: dict[type, Visit] = {}
_TABLES: dict[tuple[type, frozenset[str]], "_Table"] = {}


class _Table(dict[type, Visit]):
    """Which function visits a node of a class; what is no node is passed over."""

    def __missing__(self, kind: type) -> Visit:
        made = _CHILDREN.get(kind)
        if made is None:
            fields = kind._fields if issubclass(kind, ast.AST) else ()
            made = _CHILDREN[kind] = _visiting([one for one in fields if one not in _SKIPPED])
        self[kind] = made
        return made


class Walker(Paths):
    """Calls `_on_<name>` for each node of a class in the table; `_flags` are those of the block it is in.

    `noted` are the kinds of nodes that rules ask for; `Expr.` are those kinds that they ask for by the
    name of a call: the call itself, the statement that it is, the function that it decorates. Such notes
    name the call by its index in `calls`, as `noted_calls` do.
    """

    def __init__(self, noted: Collection[str] = ()) -> None:
        super().__init__()
        self.notes: list[Note] = []
        self.noted_calls: list[tuple[ast.Call, tuple[str, ...], Around | None]] = []
        self.named_notes: list[tuple[int, Note]] = []
        self._scope = 0
        self._flags = 0
        self._around: Around | None = None
        self._block = 0
        self.blocks: list[tuple[str, int, int]] = [("body", -1, 1)]
        kinds = frozenset(noted)
        self._table = _table_of(self.__class__, kinds)
        self._notes_calls = any(one == "Call" or one.endswith(".") for one in kinds)
        self._notes_statements = "Expr." in kinds
        self._notes_functions = bool({"FunctionDef.", "AsyncFunctionDef.", "ClassDef."} & kinds)
        self._notes_leaves = bool({"Name", "Constant"} & kinds)
        self._notes_modules = "Module" in kinds

    def _note(self, node: ast.AST, flag: int) -> None:
        self.notes.append((node, self._scope, self._flags | flag, self.hidden, self._around))

    def _visit(self, node: ast.AST | None) -> None:
        self._table[node.__class__](self, node)  # type: ignore[arg-type]  # None is passed over

    def _visit_all(self, nodes: Iterable[ast.AST | None]) -> None:
        table = self._table
        for node in nodes:
            table[node.__class__](self, node)  # type: ignore[arg-type]  # as above

    def _visit_flagged(self, nodes: Iterable[ast.AST | None], flag: int) -> None:
        before = self._flags
        self._flags |= flag
        self._visit_all(nodes)
        self._flags = before

    def _visit_block(
        self, kind: str, nodes: Sequence[ast.AST | None], flag: int = 0, line: int | None = None
    ) -> int:
        """Visit `nodes` as a block of their own, under a flag; return the block's index."""
        before, outer = self._flags, self._block
        self._block = block = len(self.blocks)
        first = line if line is not None else getattr(nodes[0], "lineno", 1) if nodes else 1
        self.blocks.append((kind, outer, first))
        self._flags |= flag
        table = self._table
        for node in nodes:
            table[node.__class__](self, node)  # type: ignore[arg-type]  # as above
        self._flags, self._block = before, outer
        return block

    def _on_choice(self, node: ast.BoolOp) -> None:
        self._visit(node.values[0])
        self._visit_block("arm", node.values[1:])

    def _on_choice_of_two(self, node: ast.IfExp) -> None:
        self._visit(node.test)
        self._visit_block("arm", [node.body])
        self._visit_block("arm", [node.orelse])

    def _on_case(self, node: ast.match_case) -> None:
        self._visit(node.pattern)
        self._visit_block("case", [node.guard, *node.body], line=node.pattern.lineno)


def _table_of(walker: type[Walker], noted: frozenset[str]) -> _Table:
    known = _TABLES.get((walker, noted))
    if known is not None:
        return known
    table = _TABLES[walker, noted] = _Table(
        {getattr(ast, kind): getattr(walker, f"_on_{name}") for kind, name in _HANDLERS.items()}
    )
    plain = {one for one in noted if not one.endswith(".")} - {"Call", "Module"}
    for name in {*plain, *_HOLDING} if noted else ():
        kind = getattr(ast, name)
        table[kind] = _noting(table[kind], name in plain, name in _HOLDING)
    return table


def _noting(handle: Visit, is_noted: bool, holds: bool) -> Visit:
    """Return what notes a node, or that it holds what is in it, before it is handled."""

    def note(self: Walker, node: ast.AST) -> None:
        self.notes.append((node, self._scope, self._flags, self.hidden, self._around))
        handle(self, node)

    def hold(self: Walker, node: ast.AST) -> None:
        outer = self._around
        if is_noted:
            self.notes.append((node, self._scope, self._flags, self.hidden, outer))
        self._around = (node, outer)
        handle(self, node)
        self._around = outer

    return hold if holds else note


def _pass_over(walker: Walker, node: object) -> None:
    """Do nothing, for a node that holds nothing of interest."""


def _visiting(fields: Sequence[str]) -> Visit:
    """Return a function that visits what such fields of a node hold, written for them."""
    if not fields:
        return _pass_over
    lines = ["def visit(walker, node):", " table = walker._table"]
    for name in fields:
        lines += [
            f" value = node.{name}",
            " if value.__class__ is list:",
            "  for one in value: table[one.__class__](walker, one)",
            " else: table[value.__class__](walker, value)",
        ]
    scope: dict[str, Visit] = {}
    exec("\n".join(lines), {}, scope)  # noqa: S102 - made of the names of `ast`'s own fields
    return scope["visit"]
