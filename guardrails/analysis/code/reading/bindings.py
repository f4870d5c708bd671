"""What the one pass writes down of expressions: names that are read, called, compared and bound.

The blocks and definitions that hold them are in `gather`.
"""

import ast
from collections.abc import Collection, Sequence

from guardrails.analysis.code.facts import Flag
from guardrails.analysis.code.marks import Around
from guardrails.analysis.code.reading.paths import LONGEST_STRING, LONGEST_TEXT, joined_text, text_of
from guardrails.analysis.code.reading.scopes import FUNCTIONS, RawCall, RawHandler, RawRaise, RawScope
from guardrails.analysis.code.reading.walker import Walker

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "__add__", ast.Sub: "__sub__", ast.Mult: "__mul__", ast.Div: "__truediv__", ast.Mod: "__mod__",
    ast.MatMult: "__matmul__", ast.FloorDiv: "__floordiv__", ast.Pow: "__pow__", ast.BitOr: "__or__",
    ast.BitAnd: "__and__", ast.BitXor: "__xor__", ast.LShift: "__lshift__", ast.RShift: "__rshift__",
}  # fmt: skip
_ASKED = frozenset({ast.Name, ast.Call})
_CONTAINING = frozenset({ast.In, ast.NotIn})
_COMPARISONS: dict[type[ast.AST], str] = {
    ast.Eq: "__eq__", ast.NotEq: "__ne__", ast.Lt: "__lt__", ast.LtE: "__le__", ast.Gt: "__gt__",
    ast.GtE: "__ge__", ast.In: "__contains__", ast.NotIn: "__contains__",
}  # fmt: skip
_HOLDING = frozenset({ast.Dict, ast.List, ast.Tuple, ast.Set})


class Bindings(Walker):
    """The part of the pass that looks at expressions and at what names are bound to."""

    def __init__(self, noted: Collection[str] = ()) -> None:
        super().__init__(noted)
        self.scopes: list[RawScope] = []
        self.imports: list[tuple[str, str, str, int, int, int]] = []
        self.calls: list[RawCall] = []
        self.comparisons: list[tuple[tuple[str, ...], tuple[str, ...], int, int]] = []
        self.references: dict[tuple[str, int], int] = {}
        self.subscripts: dict[tuple[str, str, int], int] = {}
        self.strings: dict[tuple[str, int], int] = {}
        self.writes: dict[tuple[str, int], int] = {}
        self.raises: list[RawRaise] = []
        self.handlers: list[RawHandler] = []
        self.fields: list[tuple[str, str, str, str, int, int]] = []
        self.unsaid: dict[tuple[str, str, int], tuple[int, int, int]] = {}
        self._guarded: list[int] = []

    # Names and values.

    def _on_name(self, node: ast.Name) -> None:
        if node.id not in self.hidden:
            self.references.setdefault((node.id, self._scope), node.lineno)

    def _on_attribute(self, node: ast.Attribute) -> None:
        path = self.path(node)
        if path:
            self.references.setdefault((path, self._scope), node.lineno)
        inner: ast.AST = node.value
        while isinstance(inner, ast.Attribute):
            inner = inner.value
        if not path or not isinstance(inner, ast.Name):
            self._visit(inner)

    def _on_constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, str) and 0 < len(value) <= LONGEST_STRING:
            self.strings.setdefault((value, self._scope), node.lineno)

    def _on_expression(self, node: ast.Expr) -> None:
        value = node.value
        if value.__class__ is ast.Call:
            self._record(value, 0)
            if self._notes_statements:
                self._note_by_call(node, self._around)
        elif value.__class__ is not ast.Constant:
            self._visit(value)

    def _on_subscript(self, node: ast.Subscript) -> None:
        path, key = self.path(node.value), text_of(node.slice)
        if path and key:
            self.subscripts.setdefault((path, key, self._scope), node.lineno)
        if node.value.__class__ in _ASKED and node.ctx.__class__ is ast.Load:
            self._note_unsaid(node.value, "__getitem__")
        self._visit(node.value)
        self._visit(node.slice)

    def _on_compare(self, node: ast.Compare) -> None:
        operands = (node.left, *node.comparators)
        asked = node.comparators[0] if node.ops[0].__class__ in _CONTAINING else node.left
        if asked.__class__ in _ASKED:
            self._note_unsaid(asked, _COMPARISONS.get(node.ops[0].__class__, ""))
        self.comparisons.append(
            (
                tuple(map(self.brief, operands)),
                tuple(one.__class__.__name__ for one in node.ops),
                self._scope,
                node.lineno,
            )
        )
        self._visit_all(operands)

    def _on_operation(self, node: ast.BinOp) -> None:
        method = _OPERATORS.get(node.op.__class__)
        if method and node.left.__class__ in _ASKED:
            self._note_unsaid(node.left, method)
        if node.right.__class__ is ast.Constant and (text := joined_text(node)):
            self.strings.setdefault((text, self._scope), node.lineno)
        self._visit(node.left)
        self._visit(node.right)

    def _on_await(self, node: ast.Await) -> None:
        if isinstance(node.value, ast.Call):
            self._record(node.value, Flag.AWAITED)
        else:
            self._visit(node.value)

    def _on_call(self, node: ast.Call) -> None:
        self._record(node, 0)

    def _record(self, node: ast.Call, flag: int) -> None:
        function = node.func
        inner: ast.AST = function
        while inner.__class__ is ast.Attribute:
            inner = inner.value
        if inner.__class__ is not ast.Name:
            self._table[inner.__class__](self, inner)
        argument = self._argument
        arguments = tuple([argument(one) for one in node.args]) if node.args else ()
        keywords = (
            tuple([(one.arg or "**", argument(one.value)) for one in node.keywords]) if node.keywords else ()
        )
        if self._notes_calls:
            self.noted_calls.append((node, self.hidden, self._around))
        given = arguments, keywords
        self.calls.append(
            (self.alternatives(function), self._scope, node.lineno, self._flags | flag, *given, self._block)
        )

    def _argument(self, node: ast.expr) -> str:
        """Visit an argument and return it as `brief` does."""
        if self._notes_leaves:
            self._visit(node)
            return self.brief(node)
        if node.__class__ is ast.Name:
            self._on_name(node)
        elif node.__class__ is ast.Constant:
            self._on_constant(node)
            return repr(node.value)[:LONGEST_TEXT]
        else:
            self._table[node.__class__](self, node)
        return self.brief(node)

    def _note_unsaid(self, node: ast.expr, method: str) -> None:
        """Note that a statement calls `method` of what `node` is, without saying so."""
        path = self.path(node)
        if method and path and path[0] != "=":
            place = node.lineno, self._flags, self._block
            self.unsaid.setdefault((path, method, self._scope), place)

    def _note_by_call(self, node: ast.AST, around: Around | None) -> None:
        """Note a node that has to do with the call that was recorded last, to be shown by that call's name."""
        last = len(self.calls) - 1
        self.named_notes.append((last, (node, self._scope, self._flags, self.hidden, around)))

    # Bindings.

    def _bind(self, name: str, paths: Sequence[str]) -> None:
        scope = self.scopes[self._scope]
        plain = name.partition("[")[0]
        if plain in scope.globals:
            scope = self.scopes[0]
        elif plain in scope.outer:
            scope = self.scopes[scope.parent]
            while scope.parent > 0 and plain not in scope.names:
                scope = self.scopes[scope.parent]
        scope.names.setdefault(name, []).extend(paths)

    def _bind_target(self, target: ast.AST, value: ast.AST | None) -> None:
        if isinstance(target, ast.Name):
            self._bind(target.id, self.alternatives(value) if value is not None else [""])
            if value.__class__ in _HOLDING:
                self._bind_held(target.id, value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            held = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
            matched = len(held) == len(target.elts)
            for index, one in enumerate(target.elts):
                self._bind_target(one, held[index] if matched else None)
        elif isinstance(target, ast.Starred):
            self._bind_target(target.value, None)
        elif isinstance(target, (ast.Attribute, ast.Subscript)):
            self._write(target, value)

    def _bind_held(self, name: str, value: ast.AST | None) -> None:
        """Bind what a literal container holds: `name[]` is any of it, `name[key]` what stands under a key."""
        for key, path in self.held_in(value) if value is not None else ():
            self._bind(f"{name}[]", [path])
            if key:
                self._bind(f"{name}[{key}]", [path])

    def _write(self, target: ast.Attribute | ast.Subscript, value: ast.AST | None) -> None:
        owner = target.value
        if isinstance(target, ast.Attribute) and isinstance(owner, ast.Name):
            holder = self._holder(owner.id)
            if holder is not None and value is not None:
                paths = [(self._scope, path) for path in self.alternatives(value)]
                held = self.scopes[holder].attributes
                held.setdefault(target.attr, []).extend(paths)
                for _, path in self.held_in(value):
                    held.setdefault(f"{target.attr}[]", []).append((self._scope, path))
        elif isinstance(target, ast.Subscript) and isinstance(owner, ast.Name) and value is not None:
            self._bind_item(owner.id, value)
        path = self.path(owner)
        if path:
            self.writes.setdefault((path, self._scope), target.lineno)
        self._visit(target)

    def _bind_item(self, name: str, value: ast.AST) -> None:
        """Bind what is put into a container, where the container stands: here, else in the module."""
        paths = [path for path in self.alternatives(value) if path and not path.startswith("=builtins")]
        if paths:
            here = self.scopes[self._scope]
            (here if name in here.names else self.scopes[0]).names.setdefault(f"{name}[]", []).extend(paths)

    def _holder(self, name: str) -> int | None:
        scope = self.scopes[self._scope]
        is_method = (
            scope.kind in FUNCTIONS and scope.parent >= 0 and self.scopes[scope.parent].kind == "class"
        )
        return scope.parent if is_method and scope.parameters and scope.parameters[0][0] == name else None

    def _on_assign(self, node: ast.Assign) -> None:
        self._visit(node.value)
        for target in node.targets:
            self._bind_target(target, node.value)

    def _on_annotated(self, node: ast.AnnAssign) -> None:
        self._visit(node.annotation)
        if node.value is not None:
            self._visit(node.value)
            self._bind_target(node.target, node.value)
        declared = self.annotation(node.annotation)
        if isinstance(node.target, ast.Name) and self.scopes[self._scope].kind == "class":
            default = self.brief(node.value) if node.value is not None else ""
            written = ast.unparse(node.annotation)
            self.fields.append((node.target.id, written, declared, default, self._scope, node.lineno))
        if not declared:
            return
        if isinstance(node.target, ast.Name):
            self._bind(node.target.id, [f"{declared}()"])
        elif isinstance(node.target, ast.Attribute) and isinstance(node.target.value, ast.Name):
            holder = self._holder(node.target.value.id)
            if holder is not None:
                held = self.scopes[holder].attributes.setdefault(node.target.attr, [])
                held.append((self._scope, f"{declared}()"))

    def _on_given(self, node: ast.Return | ast.Yield) -> None:
        if node.value is not None:
            self.scopes[self._scope].given += self.alternatives(node.value)
            self._visit(node.value)

    def _on_augmented(self, node: ast.AugAssign) -> None:
        self._visit(node.value)
        if isinstance(node.target, (ast.Attribute, ast.Subscript)):
            self._write(node.target, None)
        elif isinstance(node.target, ast.Name):
            self.writes.setdefault((node.target.id, self._scope), node.lineno)

    def _on_walrus(self, node: ast.NamedExpr) -> None:
        self._visit(node.value)
        self._bind(node.target.id, self.alternatives(node.value))

    def _on_global(self, node: ast.Global) -> None:
        self.scopes[self._scope].globals.update(node.names)
        for name in node.names:
            self.writes.setdefault((name, self._scope), node.lineno)

    def _on_nonlocal(self, node: ast.Nonlocal) -> None:
        self.scopes[self._scope].outer.update(node.names)

    def _on_capture(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self._bind(node.name, [""])
        if isinstance(node, ast.MatchAs) and node.pattern is not None:
            self._visit(node.pattern)
