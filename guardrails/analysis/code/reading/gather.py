"""The one pass over a file's syntax tree that everything else is derived from.

It only writes down who binds which name to what, who calls what, who imports what. What the
names mean is settled afterwards in `names`, since code may use a name before its line.
"""

import ast
from collections.abc import Sequence

from guardrails.analysis.code.facts import Flag
from guardrails.analysis.code.reading.bindings import Bindings
from guardrails.analysis.code.reading.scopes import FUNCTIONS, RawCall, RawScope

_LOOPED, _ENTERED, _BARE = Flag.LOOPED, Flag.ENTERED, Flag.BARE
_EACH, _SCRIPT = Flag.EACH, Flag.SCRIPT
_TYPING, _LAZY, _GUARDED = Flag.TYPING, Flag.LAZY, Flag.GUARDED
_KEPT_IN_DEFINITIONS = _TYPING | _GUARDED
_MOST_ITEMS = 8
_ENTERING = ("__enter__", "__exit__")
_ENTERING_ASYNC = ("__aenter__", "__aexit__")
_ENDS = {
    ast.Raise: "raise", ast.Return: "return", ast.Continue: "continue", ast.Break: "break", ast.Pass: "pass",
}  # fmt: skip


class Gatherer(Bindings):
    """Walks one module and fills its lists with raw records."""

    def gather(self, module: ast.Module) -> None:
        """Walk the whole module; raises RecursionError when it nests too deep."""
        last = max((getattr(one, "end_lineno", None) or 1 for one in module.body[-1:]), default=1)
        self.scopes.append(RawScope("", "module", -1, 1, last))
        self._visit_all(module.body)
        if self._notes_modules:
            self._note(module, 0)

    # Blocks.

    def _on_if(self, node: ast.If) -> None:
        self._visit(node.test)
        typing = self.path(node.test).rpartition(".")[2] == "TYPE_CHECKING"
        script = _SCRIPT if _asks_for_script(node.test) else 0
        self._visit_block("if", node.body, script | (_TYPING if typing else 0))
        if node.orelse:
            self._visit_block("else", node.orelse)

    def _on_for(self, node: ast.For | ast.AsyncFor) -> None:
        self._visit(node.iter)
        self._note_unsaid(node.iter, "__iter__" if isinstance(node, ast.For) else "__aiter__")
        items = node.iter.elts if isinstance(node.iter, (ast.List, ast.Tuple)) else []
        for one in items[:_MOST_ITEMS]:
            self._bind_target(node.target, one)
        if not items:
            self._bind_each(node.target, node.iter)
        self._visit_block("loop", node.body, _LOOPED | (_EACH if _is_collection(node.iter) else 0))
        if node.orelse:
            self._visit_block("else", node.orelse)

    def _bind_each(self, target: ast.expr, over: ast.expr) -> None:
        self._bind_target(target, None)
        taken = _item_of(target, over)
        path = self.each_of(over) if taken else ""
        if taken and path:
            self._bind(taken, [path])

    def _on_while(self, node: ast.While) -> None:
        self._visit_block("loop", [node.test, *node.body], _LOOPED)
        if node.orelse:
            self._visit_block("else", node.orelse)

    def _on_try(self, node: ast.Try) -> None:
        guarded = self._visit_block("try", node.body, _GUARDED)
        self._guarded.append(guarded)
        self._visit_flagged(node.handlers, _GUARDED)
        self._guarded.pop()
        if node.orelse:
            self._visit_block("else", node.orelse)
        self._visit_all(node.finalbody)

    def _on_handler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._bind(node.name, [""])
        if node.type is not None:
            self._visit(node.type)
        block = self._visit_block("except", node.body, line=node.lineno)
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type] if node.type else []
        last = node.body[-1]
        value = self.brief(last.value) if isinstance(last, ast.Return) and last.value else ""
        paths = [tuple(self.alternatives(one)) for one in caught]
        self.handlers.append(
            (paths, self._scope, node.lineno, block, self._guarded[-1], _ENDS.get(type(last), ""), value)
        )

    def _on_raise(self, node: ast.Raise) -> None:
        raised = node.exc
        texts: tuple[str, ...] = ()
        named: tuple[tuple[str, str], ...] = ()
        if isinstance(raised, ast.Call):
            texts = tuple(map(self.brief, raised.args))
            named = tuple([(one.arg or "**", self.brief(one.value)) for one in raised.keywords])
            raised = raised.func
        paths = self.alternatives(raised) if raised is not None else ()
        self.raises.append((paths, texts, named, self._scope, node.lineno, self._block))
        self._visit(node.exc)
        self._visit(node.cause)

    def _on_with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            expression = item.context_expr
            if isinstance(expression, ast.Call):
                self._record(expression, _ENTERED)
            else:
                self._visit(expression)
                entering = _ENTERING if isinstance(node, ast.With) else _ENTERING_ASYNC
                for method in entering:
                    self._note_unsaid(expression, method)
            if item.optional_vars is not None:
                self._bind_target(item.optional_vars, expression)
        if any(self.path(item.context_expr).partition("(")[0].endswith("suppress") for item in node.items):
            self._visit_block("try", node.body)  # what stands in it may end early and go on after it
        else:
            self._visit_all(node.body)

    def _on_comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        self._visit(node.generators[0].iter)
        held, standing = self.hidden, self.standing
        for one in node.generators:
            self._note_unsaid(one.iter, "__aiter__" if one.is_async else "__iter__")
            taken = _item_of(one.target, one.iter)
            path = self.each_of(one.iter) if taken else ""
            if taken and path:
                self.standing = {**self.standing, taken: path}
            target = one.target
            bound = [target] if isinstance(target, ast.Name) else ast.walk(target)
            self.hidden += tuple([name.id for name in bound if isinstance(name, ast.Name)])
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        later = [part for one in node.generators[1:] for part in (one.iter, *one.ifs)]
        each = _EACH if _is_collection(node.generators[0].iter) else 0
        self._visit_block("loop", [*results, *node.generators[0].ifs, *later], _LOOPED | each)
        self.hidden, self.standing = held, standing

    # Definitions.

    def _enter(self, name: str, kind: str, node: ast.stmt | ast.expr) -> int:
        parent = self.scopes[self._scope].name
        qualified = f"{parent}.{name}" if parent else name
        first = min((one.lineno for one in getattr(node, "decorator_list", ())), default=node.lineno)
        self.scopes.append(RawScope(qualified, kind, self._scope, first, node.end_lineno or node.lineno))
        return len(self.scopes) - 1

    def _decorators(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[RawCall]:
        found: list[RawCall] = []
        for one in node.decorator_list:
            if isinstance(one, ast.Call):
                self._record(one, 0)
                found.append(self.calls[-1])
                if self._notes_functions and self._around is not None:
                    self._note_by_call(node, self._around[1])
            else:
                self._visit(one)
                found.append(
                    (
                        self.alternatives(one),
                        self._scope,
                        one.lineno,
                        self._flags | _BARE,
                        (),
                        (),
                        self._block,
                    )
                )
        return found

    def _on_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        decorators = self._decorators(node)
        self._visit_signature(node.args)
        if node.returns is not None:
            self._visit(node.returns)
        index = self._enter(
            node.name, "async" if isinstance(node, ast.AsyncFunctionDef) else "function", node
        )
        scope = self.scopes[index]
        scope.decorators = decorators
        scope.returns = (self.annotation(node.returns) or "...") if node.returns is not None else ""
        scope.given = self.yielded(node.returns)
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
        self._visit_all([one.annotation for one in every if one.annotation is not None])

    def _bind_parameters(self, scope: RawScope, arguments: ast.arguments) -> None:
        positional = [*arguments.posonlyargs, *arguments.args]
        missing: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
        defaults = [*missing, *arguments.defaults, *arguments.kw_defaults]
        for one, default in zip([*positional, *arguments.kwonlyargs], defaults, strict=True):
            declared = self.annotation(one.annotation)
            scope.parameters.append((one.arg, declared, self.brief(default) if default is not None else ""))
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
        outer, flags, block = self._scope, self._flags, self._block
        self._scope, self._flags = index, flags & _KEPT_IN_DEFINITIONS
        if self.scopes[index].kind in FUNCTIONS:
            self._block = 0
        self._visit_all(body)
        self._scope, self._flags, self._block = outer, flags, block

    def _on_class(self, node: ast.ClassDef) -> None:
        decorators = self._decorators(node)
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
        lazy = _LAZY if scope.kind in FUNCTIONS else 0
        flags = (self._flags & _KEPT_IN_DEFINITIONS) | lazy
        self.imports.append((module, name, alias, node.lineno, self._scope, flags))


def _item_of(target: ast.expr, over: ast.expr) -> str:
    """Return the name that a loop gives to each item, or to each value of a dictionary's items."""
    if isinstance(over, ast.Call) and isinstance(over.func, ast.Attribute) and over.func.attr == "items":
        target = target.elts[-1] if isinstance(target, ast.Tuple) and target.elts else target
    return target.id if isinstance(target, ast.Name) else ""


def _is_collection(node: ast.expr) -> bool:
    """Whether a loop goes over what data holds, neither over numbers nor over a literal."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id not in {"range", "count"}
    return not isinstance(node, (ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Constant))


def _asks_for_script(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"
