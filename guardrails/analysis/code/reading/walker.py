"""Walks a syntax tree by the class of each node, quicker than `ast.NodeVisitor` does.

The pass over a file is the cost that every cold run pays, so a node without a handler costs one
dictionary lookup and its children.
"""

import ast
from collections.abc import Callable, Collection, Iterable, Sequence

from guardrails.analysis.code.marks import Around, Note
from guardrails.analysis.code.reading.paths import Paths

_SKIPPED = frozenset({"ctx", "op", "ops"})
_CHILDREN: dict[type[ast.AST], tuple[str, ...]] = {}
_HANDLERS = {
    "Name": "name", "Constant": "constant", "Attribute": "attribute", "Call": "call", "Expr": "expression",
    "Assign": "assign", "AnnAssign": "annotated", "AugAssign": "augmented", "NamedExpr": "walrus",
    "FunctionDef": "function", "AsyncFunctionDef": "function", "ClassDef": "class", "Lambda": "lambda",
    "Import": "import", "ImportFrom": "import_from", "If": "if", "For": "for", "AsyncFor": "for",
    "While": "while", "Try": "try", "TryStar": "try", "ExceptHandler": "handler", "With": "with",
    "AsyncWith": "with", "Await": "await", "Compare": "compare", "Subscript": "subscript", "Global": "global",
    "Nonlocal": "nonlocal",
    "ListComp": "comprehension", "SetComp": "comprehension", "GeneratorExp": "comprehension",
    "DictComp": "comprehension", "MatchAs": "capture", "MatchStar": "capture", "Raise": "raise",
    "BoolOp": "choice", "IfExp": "choice_of_two", "match_case": "case",
}  # fmt: skip
# What `Here.around` tells of.
_HOLDING = frozenset({
    "FunctionDef", "AsyncFunctionDef", "ClassDef", "Lambda", "If", "For", "AsyncFor", "While", "Try", "TryStar",
    "ExceptHandler", "With", "AsyncWith", "Match", "ListComp", "SetComp", "GeneratorExp", "DictComp",
})  # fmt: skip


class Walker(Paths):
    """Calls `_on_<name>` for each node of a class in the table; `_flags` are those of the block it is in."""

    def __init__(self, noted: Collection[str] = ()) -> None:
        super().__init__()
        self.notes: list[Note] = []
        self._scope = 0
        self._flags = 0
        self._around: Around | None = None
        self._block = 0
        self.blocks: list[tuple[str, int, int]] = [("body", -1, 1)]
        self._handlers: dict[type, Callable[..., None]] = {
            getattr(ast, kind): getattr(self, f"_on_{name}") for kind, name in _HANDLERS.items()
        }
        self._notes_calls = "Call" in noted
        self._notes_modules = "Module" in noted
        if noted:
            self._wrap(noted)

    def _wrap(self, noted: Collection[str]) -> None:
        """Note nodes of the kinds that are asked for; the others cost nothing more for it."""
        for name in {*noted, *_HOLDING} - {"Call", "Module"}:
            kind = getattr(ast, name)
            self._handlers[kind] = self._noting(self._handlers.get(kind), name in noted, name in _HOLDING)

    def _noting(
        self, inner: Callable[..., None] | None, is_noted: bool, holds: bool
    ) -> Callable[[ast.AST], None]:
        handle = inner or self._visit_children

        def visit(node: ast.AST) -> None:
            if is_noted:
                self._note(node, 0)
            if holds:
                outer = self._around
                self._around = Around(node, outer)
                handle(node)
                self._around = outer
            else:
                handle(node)

        return visit

    def _note(self, node: ast.AST, flag: int) -> None:
        self.notes.append(Note(node, self._scope, self._flags | flag, tuple(self.hidden), self._around))

    def _visit(self, node: ast.AST) -> None:
        kind = node.__class__
        handler = self._handlers.get(kind)
        if handler is not None:
            handler(node)
            return
        self._visit_children(node)

    def _visit_children(self, node: ast.AST) -> None:
        kind = node.__class__
        fields = _CHILDREN.get(kind)
        if fields is None:
            fields = _CHILDREN[kind] = tuple(one for one in kind._fields if one not in _SKIPPED)
        handlers = self._handlers
        for name in fields:
            value = getattr(node, name, None)
            if value.__class__ is list:
                self._visit_all(value)
            elif isinstance(value, ast.AST):
                handler = handlers.get(value.__class__)
                if handler is not None:
                    handler(value)
                else:
                    self._visit_children(value)

    def _visit_all(self, nodes: Iterable[ast.AST | None]) -> None:
        handlers = self._handlers  # the two lookups of `_visit`, without a call for each node
        for node in nodes:
            handler = handlers.get(node.__class__)
            if handler is not None:
                handler(node)
            elif isinstance(node, ast.AST):
                self._visit_children(node)

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
        self._visit_all(nodes)
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
