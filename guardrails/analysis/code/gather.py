"""The one pass over a file's syntax tree that everything else is derived from.

It only writes down who binds which name to what, who calls what, who imports what. What the
names mean is settled afterwards in `names`, since code may use a name before its line.
"""

import ast
from collections.abc import Collection, Sequence

from guardrails.analysis.code.facts import Flag
from guardrails.analysis.code.paths import LONGEST_STRING, text_of
from guardrails.analysis.code.scopes import RawCall, RawScope
from guardrails.analysis.code.walker import Walker

_AWAITED, _LOOPED, _ENTERED, _BARE = Flag.AWAITED, Flag.LOOPED, Flag.ENTERED, Flag.BARE
_TYPING, _LAZY, _GUARDED = Flag.TYPING, Flag.LAZY, Flag.GUARDED
_KEPT_IN_DEFINITIONS = _TYPING | _GUARDED
_FUNCTIONS = frozenset({"function", "async", "lambda"})
_MOST_ITEMS = 8


class Gatherer(Walker):
    """Walks one module and fills its lists with raw records."""

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

    def gather(self, module: ast.Module) -> None:
        """Walk the whole module; raises RecursionError when it nests too deep."""
        last = max((getattr(one, "end_lineno", None) or 1 for one in module.body[-1:]), default=1)
        self.scopes.append(RawScope("", "module", -1, 1, last))
        self._visit_all(module.body)
        if self._notes_modules:
            self._note(module, 0)

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
        if not isinstance(node.value, ast.Constant):
            self._visit(node.value)

    def _on_subscript(self, node: ast.Subscript) -> None:
        path, key = self.path(node.value), text_of(node.slice)
        if path and key:
            self.subscripts.setdefault((path, key, self._scope), node.lineno)
        self._visit(node.value)
        self._visit(node.slice)

    def _on_compare(self, node: ast.Compare) -> None:
        operands = (node.left, *node.comparators)
        self.comparisons.append(
            (
                tuple(map(self.brief, operands)),
                tuple(one.__class__.__name__ for one in node.ops),
                self._scope,
                node.lineno,
            )
        )
        self._visit_all(operands)

    def _on_await(self, node: ast.Await) -> None:
        if isinstance(node.value, ast.Call):
            self._record(node.value, _AWAITED)
        else:
            self._visit(node.value)

    def _on_call(self, node: ast.Call) -> None:
        self._record(node, 0)

    def _record(self, node: ast.Call, flag: int) -> None:
        if self._notes_calls:
            self._note(node, flag)
        function = node.func
        inner: ast.AST = function
        while isinstance(inner, ast.Attribute):
            inner = inner.value
        if not isinstance(inner, ast.Name):
            self._visit(inner)
        self._visit_all(node.args)
        for one in node.keywords:
            self._visit(one.value)
        self.calls.append(self._raw_call(node, function, flag))

    def _raw_call(self, node: ast.Call, function: ast.AST, flag: int) -> RawCall:
        return (
            self.alternatives(function),
            self._scope,
            node.lineno,
            self._flags | flag,
            tuple([self.brief(one) for one in node.args]),
            tuple([(one.arg or "**", self.brief(one.value)) for one in node.keywords]),
        )

    # Bindings.

    def _bind(self, name: str, paths: Sequence[str]) -> None:
        scope = self.scopes[self._scope]
        if name in scope.globals:
            scope = self.scopes[0]
        scope.names.setdefault(name, []).extend(paths)

    def _bind_target(self, target: ast.AST, value: ast.AST | None) -> None:
        if isinstance(target, ast.Name):
            self._bind(target.id, self.alternatives(value) if value is not None else [""])
        elif isinstance(target, ast.Tuple | ast.List):
            held = value.elts if isinstance(value, ast.Tuple | ast.List) else []
            matched = len(held) == len(target.elts)
            for index, one in enumerate(target.elts):
                self._bind_target(one, held[index] if matched else None)
        elif isinstance(target, ast.Starred):
            self._bind_target(target.value, None)
        elif isinstance(target, ast.Attribute | ast.Subscript):
            self._write(target, value)

    def _write(self, target: ast.Attribute | ast.Subscript, value: ast.AST | None) -> None:
        owner = target.value
        if isinstance(target, ast.Attribute) and isinstance(owner, ast.Name):
            holder = self._holder(owner.id)
            if holder is not None and value is not None:
                paths = [(self._scope, path) for path in self.alternatives(value)]
                self.scopes[holder].attributes.setdefault(target.attr, []).extend(paths)
        path = self.path(owner)
        if path:
            self.writes.setdefault((path, self._scope), target.lineno)
        self._visit(target)

    def _holder(self, name: str) -> int | None:
        scope = self.scopes[self._scope]
        is_method = (
            scope.kind in _FUNCTIONS and scope.parent >= 0 and self.scopes[scope.parent].kind == "class"
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
        if not declared:
            return
        if isinstance(node.target, ast.Name):
            self._bind(node.target.id, [f"{declared}()"])
        elif isinstance(node.target, ast.Attribute) and isinstance(node.target.value, ast.Name):
            holder = self._holder(node.target.value.id)
            if holder is not None:
                held = self.scopes[holder].attributes.setdefault(node.target.attr, [])
                held.append((self._scope, f"{declared}()"))

    def _on_augmented(self, node: ast.AugAssign) -> None:
        self._visit(node.value)
        if isinstance(node.target, ast.Attribute | ast.Subscript):
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

    def _on_capture(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self._bind(node.name, [""])
        if isinstance(node, ast.MatchAs) and node.pattern is not None:
            self._visit(node.pattern)

    # Blocks.

    def _on_if(self, node: ast.If) -> None:
        self._visit(node.test)
        typing = self.path(node.test).rpartition(".")[2] == "TYPE_CHECKING"
        self._visit_flagged(node.body, _TYPING if typing else 0)
        self._visit_all(node.orelse)

    def _on_for(self, node: ast.For | ast.AsyncFor) -> None:
        self._visit(node.iter)
        items = node.iter.elts if isinstance(node.iter, ast.List | ast.Tuple) else []
        for one in items[:_MOST_ITEMS]:
            self._bind_target(node.target, one)
        if not items:
            self._bind_target(node.target, None)
        self._visit_flagged(node.body, _LOOPED)
        self._visit_all(node.orelse)

    def _on_while(self, node: ast.While) -> None:
        self._visit_flagged([node.test, *node.body], _LOOPED)
        self._visit_all(node.orelse)

    def _on_try(self, node: ast.Try) -> None:
        self._visit_flagged([*node.body, *node.handlers], _GUARDED)
        self._visit_all([*node.orelse, *node.finalbody])

    def _on_handler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._bind(node.name, [""])
        self._visit_all([node.type, *node.body])

    def _on_with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            expression = item.context_expr
            if isinstance(expression, ast.Call):
                self._record(expression, _ENTERED)
            else:
                self._visit(expression)
            if item.optional_vars is not None:
                self._bind_target(item.optional_vars, expression)
        self._visit_all(node.body)

    def _on_comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        self._visit(node.generators[0].iter)
        held = len(self.hidden)
        for one in node.generators:
            self.hidden += [name.id for name in ast.walk(one.target) if isinstance(name, ast.Name)]
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        later = [part for one in node.generators[1:] for part in (one.iter, *one.ifs)]
        self._visit_flagged([*results, *node.generators[0].ifs, *later], _LOOPED)
        del self.hidden[held:]

    # Definitions.

    def _enter(self, name: str, kind: str, node: ast.stmt | ast.expr) -> int:
        parent = self.scopes[self._scope].name
        qualified = f"{parent}.{name}" if parent else name
        first = min((one.lineno for one in getattr(node, "decorator_list", ())), default=node.lineno)
        self.scopes.append(RawScope(qualified, kind, self._scope, first, node.end_lineno or node.lineno))
        return len(self.scopes) - 1

    def _decorators(self, nodes: Sequence[ast.expr]) -> list[RawCall]:
        found: list[RawCall] = []
        for one in nodes:
            if isinstance(one, ast.Call):
                self._record(one, 0)
                found.append(self.calls[-1])
            else:
                self._visit(one)
                found.append((self.alternatives(one), self._scope, one.lineno, self._flags | _BARE, (), ()))
        return found

    def _on_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        decorators = self._decorators(node.decorator_list)
        self._visit_signature(node.args)
        if node.returns is not None:
            self._visit(node.returns)
        index = self._enter(
            node.name, "async" if isinstance(node, ast.AsyncFunctionDef) else "function", node
        )
        scope = self.scopes[index]
        scope.decorators = decorators
        scope.returns = (self.annotation(node.returns) or "...") if node.returns is not None else ""
        self._bind(node.name, [f"=:{scope.name}"])
        self._bind_parameters(scope, node.args)
        self._bind_receiver(scope)
        self._visit_body(index, node.body)

    def _on_lambda(self, node: ast.Lambda) -> None:
        self._visit_signature(node.args)
        index = self._enter(f"<lambda {len(self.scopes)}>", "lambda", node)
        self.lambdas[id(node)] = self.scopes[index].name
        self._bind_parameters(self.scopes[index], node.args)
        self._visit_body(index, [node.body])

    def _visit_signature(self, arguments: ast.arguments) -> None:
        self._visit_all([*arguments.defaults, *arguments.kw_defaults])
        every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        self._visit_all(one.annotation for one in every)

    def _bind_parameters(self, scope: RawScope, arguments: ast.arguments) -> None:
        positional = [*arguments.posonlyargs, *arguments.args]
        missing: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
        defaults = [*missing, *arguments.defaults, *arguments.kw_defaults]
        for one, default in zip([*positional, *arguments.kwonlyargs], defaults, strict=True):
            declared = self.annotation(one.annotation)
            scope.parameters.append((one.arg, declared))
            paths = [f"{declared}()"] if declared else [""]
            scope.names[one.arg] = paths if default is None else [*paths, *self.alternatives(default)]
        for rest in (arguments.vararg, arguments.kwarg):
            if rest is not None:
                scope.names[rest.arg] = [""]

    def _bind_receiver(self, scope: RawScope) -> None:
        parent = self.scopes[scope.parent]
        decorated = {path for call in scope.decorators for path in call[0]}
        if parent.kind == "class" and scope.parameters and "staticmethod" not in decorated:
            of_class = "classmethod" in decorated or scope.name.endswith(".__new__")
            scope.names[scope.parameters[0][0]] = [f"=:{parent.name}" if of_class else f"=:{parent.name}()"]

    def _visit_body(self, index: int, body: Sequence[ast.AST]) -> None:
        outer, flags = self._scope, self._flags
        self._scope, self._flags = index, flags & _KEPT_IN_DEFINITIONS
        self._visit_all(body)
        self._scope, self._flags = outer, flags

    def _on_class(self, node: ast.ClassDef) -> None:
        decorators = self._decorators(node.decorator_list)
        self._visit_all([*node.bases, *(one.value for one in node.keywords)])
        index = self._enter(node.name, "class", node)
        scope = self.scopes[index]
        scope.decorators = decorators
        scope.bases = [self.path(one.value if isinstance(one, ast.Subscript) else one) for one in node.bases]
        self._bind(node.name, [f"=:{scope.name}"])
        self._visit_body(index, node.body)

    # Imports.

    def _on_import(self, node: ast.Import) -> None:
        for one in node.names:
            self._add_import(one.name, "", one.asname or "", node)
            if one.asname:
                self._bind(one.asname, [f"={one.name}"])
            else:
                top = one.name.partition(".")[0]
                self._bind(top, [f"={top}"])

    def _on_import_from(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        for one in node.names:
            self._add_import(module, one.name, one.asname or "", node)
            if one.name != "*":
                joint = "" if module.endswith(".") else "."
                self._bind(one.asname or one.name, [f"={module}{joint}{one.name}"])

    def _add_import(self, module: str, name: str, alias: str, node: ast.stmt) -> None:
        scope = self.scopes[self._scope]
        lazy = _LAZY if scope.kind in _FUNCTIONS else 0
        flags = (self._flags & _KEPT_IN_DEFINITIONS) | lazy
        self.imports.append((module, name, alias, node.lineno, self._scope, flags))
