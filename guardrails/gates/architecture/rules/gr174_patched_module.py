"""Code that replaces what another module offers makes every name in the program doubtful."""

import ast
import sys
from collections.abc import Iterator

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.shapes import called
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("Assign", "AugAssign", "AnnAssign", "Delete", "Call")
WHERE = "guarded"
_SETTING = frozenset({"builtins.setattr", "builtins.delattr"})
_POLICY = "guarded: [app]"
CALLED = frozenset({"setattr", "delattr", "__setattr__", "__delattr__"})
NEEDS = ("guarded", "marks")

RULE = Rule(
    id="GR174",
    name="patched-module",
    gate="architecture",
    summary="Guarded code replaces a member of an imported module or class while the program runs.",
    why="After `client.fetch = slow_fetch` the name means something else for everybody, from a moment that import "
    "order decides. What rules and readers know of the name no longer holds.",
    remedy="Pass the other implementation in as an argument, or wrap it in a class of your own.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            import httpx

            def slow(*given):
                return None

            httpx.get = slow
            """,
            path="app/patch.py",
            policy=_POLICY,
        ),
        example(
            """
            from shop.clients import Client

            def install(fetch):
                setattr(Client, 'fetch', fetch)
            """,
            path="app/patch.py",
            policy=_POLICY,
            more={"shop/clients.py": "class Client:\n    def fetch(self):\n        return 1\n"},
        ),
        example(
            """
            from requests import Session

            def uninstall():
                del Session.get
            """,
            path="app/patch.py",
            policy=_POLICY,
        ),
    ),
    good=(
        example(
            """
            class Client:
                def __init__(self, fetch):
                    self.fetch = fetch
                    self.fetch.calls = 0
            """,
            path="app/client.py",
            policy=_POLICY,
        ),
        example(
            """
            import httpx

            def prepared():
                client = httpx.Client()
                client.timeout = 3
                return client
            """,
            path="app/client.py",
            policy=_POLICY,
        ),
        example(
            """
            import httpx

            httpx.get = None
            """,
            path="tools/patch.py",
            policy=_POLICY,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark a member of something imported that is set or removed; the standard library is GR529's."""
    for target in _targets(node, here):
        for name in here.meanings(target):
            if _is_shared(name) and (_is_class_or_module(name) or _puts_a_function(node, here)):
                yield here.mark(node, f"a member of {name} is replaced while the program runs")
                return


def findings_in(module: Module) -> Iterator[Found]:
    """Yield the marks where policy guards the code."""
    if module.is_guarded:
        yield from module.marks(RULE.id)


def _is_shared(name: str) -> bool:
    """Whether the name is something that other modules see too; the standard library is GR529's."""
    if name.startswith(("?", ":", "builtins.")) or "(" in name:
        return False
    return name.startswith(".") or name.partition(".")[0] not in sys.stdlib_module_names


def _is_class_or_module(name: str) -> bool:
    return "." not in name or name.rpartition(".")[2][:1].isupper()


def _puts_a_function(node: ast.AST, here: Here) -> bool:
    """Whether a function of this file is put in place of the member; an object's plain field is its own affair."""
    value = node.value if isinstance(node, ast.Assign) else None
    value = node.args[-1] if isinstance(node, ast.Call) and node.args else value
    return isinstance(value, ast.Lambda) or any(
        one.startswith(":") and not one.endswith("()") for one in here.meanings(value)
    )


def _targets(node: ast.AST, here: Here) -> Iterator[ast.expr]:
    """Yield whose members the statement sets or removes."""
    if isinstance(node, ast.Call):
        if node.args and not _SETTING.isdisjoint(here.meanings(node.func)):
            yield node.args[0]
        owner, method = called(node)
        if owner is not None and method in {"__setattr__", "__delattr__"}:
            yield owner
        return
    held = node.targets if isinstance(node, (ast.Assign, ast.Delete)) else [getattr(node, "target", None)]
    pending = list(held)
    for one in pending:
        if isinstance(one, (ast.Tuple, ast.List)):
            pending += one.elts
        elif isinstance(one, ast.Attribute):
            yield one.value
