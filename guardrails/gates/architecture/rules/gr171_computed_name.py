"""Where policy says what code may import and call, names must stand in it as written."""

import ast
from collections.abc import Iterator

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here
from guardrails.analysis.code.reading.paths import joined_text
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.shapes import called
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("Call", "Subscript", "Attribute")
WHERE = "guarded"
_FETCHING = frozenset({"builtins.getattr", "inspect.getattr_static", "builtins.setattr", "builtins.delattr"})
_IMPORTING = frozenset({"importlib.import_module", "builtins.__import__", "importlib.__import__"})
_LOADING = (
    "runpy.", "pkgutil.resolve_name", "importlib.util.spec_from_file_location", "importlib.util.module_from_spec",
    "importlib.machinery.", "imp.", "zipimport.", "importlib.reload", "code.", "codeop.",
)  # fmt: skip
_GETTERS = ("operator.attrgetter", "operator.methodcaller")
_SPACES = frozenset({"builtins.globals()", "builtins.locals()", "sys.modules", "builtins.vars()"})
_INSIDES = frozenset(
    {
        *(
            f"__{one}__"
            for one in ("subclasses", "globals", "getattribute", "loader", "spec", "builtins", "mro")
        ),
        *("f_globals", "f_builtins", "gi_frame", "cr_frame", "tb_frame"),
    }
)
_VALUES = _FETCHING | _IMPORTING | {"builtins.eval", "builtins.exec", "builtins.compile"}
_POLICY = "guarded: [app]"
NEEDS = ("guarded", "marks")

RULE = Rule(
    id="GR171",
    name="computed-name",
    gate="architecture",
    summary="Guarded code picks a module or its member by a name that it computes.",
    why="No reader and no rule can tell what `getattr(module, name)` or `import_module(name)` gives. In code whose "
    "layers, clocks or event loop policy guards, what cannot be resolved cannot be cleared.",
    remedy="Write the name out, or choose among named functions in a dictionary.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            import time

            def pause(name):
                return getattr(time, name)(1)
            """,
            path="app/pause.py",
            policy=_POLICY,
        ),
        example(
            """
            import importlib

            def load(name):
                return importlib.import_module('shop.' + name)
            """,
            path="app/load.py",
            policy=_POLICY,
        ),
        example(
            """
            import sys

            def module(name):
                return sys.modules[name]
            """,
            path="app/load.py",
            policy=_POLICY,
        ),
        example(
            """
            import operator, time

            def pause():
                operator.attrgetter('sleep')(time)(1)
            """,
            path="app/pause.py",
            policy=_POLICY,
        ),
        example(
            """
            def classes():
                return object.__subclasses__()
            """,
            path="app/classes.py",
            policy=_POLICY,
        ),
    ),
    good=(
        example(
            """
            import math

            def root(value):
                return getattr(math, 'sqrt')(value)
            """,
            path="app/root.py",
            policy=_POLICY,
        ),
        example(
            """
            def field(card, name):
                return getattr(card, name), card.__dict__
            """,
            path="app/field.py",
            policy=_POLICY,
        ),
        example(
            """
            import importlib

            def load(name):
                return importlib.import_module('shop.' + name)
            """,
            path="plugins/load.py",
            policy=_POLICY,
        ),
        example(
            """
            import operator

            def ids(cards):
                return [card for card in sorted(cards, key=operator.attrgetter('id'))]
            """,
            path="app/ids.py",
            policy=_POLICY,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark what no reader can resolve."""
    what = ""
    if isinstance(node, ast.Call):
        what = _of_call(node, here)
    elif isinstance(node, ast.Subscript):
        names = here.meanings(node.value)
        held = [one for one in names if one in _SPACES or _is_namespace(one)]
        if any("__builtins__" in one for one in names):
            what = "__builtins__ reaches behind the names that are written"
        elif held and not isinstance(node.slice, (ast.Constant, ast.Slice)):
            what = f"{held[0]} is asked for a computed name"
    elif isinstance(node, ast.Attribute) and node.attr in _INSIDES:
        what = f"{node.attr} reaches behind the names that are written"
    if what:
        yield here.mark(node, what)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield the marks where policy guards the code."""
    if module.is_guarded:
        yield from module.marks(RULE.id)


def _of_call(call: ast.Call, here: Here) -> str:
    names = here.meanings(call.func)
    first = call.args[0] if call.args else None
    if not _FETCHING.isdisjoint(names) and len(call.args) > 1 and not _is_written(call.args[1]):
        return (
            "a member of something imported is picked by a computed name" if _is_foreign(first, here) else ""
        )
    if not _IMPORTING.isdisjoint(names):
        return "" if first is None or _is_written(first) else "a module is imported by a computed name"
    if any(one.startswith(_LOADING) for one in names):
        return f"{names[0]} loads code that no import names"
    if any(one.startswith(_GETTERS) and one.endswith("()") for one in names) and _is_foreign(first, here):
        return "a member of an imported module is picked by an operator"
    return _of_method(call, here) or _of_values(call, here)


def _of_method(call: ast.Call, here: Here) -> str:
    method = called(call)[1]
    if method in _INSIDES:
        return f"{method} reaches behind the names that are written"
    inner: ast.AST = call.func
    while isinstance(inner, ast.Attribute):
        if inner.attr in _INSIDES:
            return f"{inner.attr} reaches behind the names that are written"
        inner = inner.value
    is_asked = method in {"get", "pop", "__getitem__", "setdefault"} and _is_space(call, here)
    return (
        "a namespace is asked for a computed name"
        if is_asked and not _is_written(next(iter(call.args), None))
        else ""
    )


def _of_values(call: ast.Call, here: Here) -> str:
    values = [*call.args, *(one.value for one in call.keywords)]
    handed = [
        one for one in values if isinstance(one, ast.Name) and not _VALUES.isdisjoint(here.meanings(one))
    ]
    return f"{ast.unparse(handed[0])} is handed on as a value" if handed else ""


def _is_space(call: ast.Call, here: Here) -> bool:
    owner = called(call)[0]
    return owner is not None and any(one in _SPACES or _is_namespace(one) for one in here.meanings(owner))


def _is_namespace(name: str) -> bool:
    return name.endswith(".__dict__") and "(" not in name and not name.startswith(("?", ":"))


def _is_written(node: ast.expr | None) -> bool:
    return node is not None and bool(joined_text(node))


def _is_foreign(node: ast.expr | None, here: Here) -> bool:
    """Whether the expression is what an import brought in, or the namespace of builtins."""
    return any(
        "__builtins__" in one or (not one.startswith(("?", ":")) and _is_imported(one))
        for one in here.meanings(node)
    )


def _is_imported(name: str) -> bool:
    return "(" not in name and not name.startswith("builtins.")
