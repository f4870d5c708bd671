"""A variable that is read anywhere is documented nowhere and checked never."""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from guardrails.analysis.code.selection import matches
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

if TYPE_CHECKING:
    from guardrails.analysis.code.facts import Mark
    from guardrails.analysis.code.marks import Here

NODES = ("Subscript",)
WHERE = "configured"
_READS = frozenset({"os.getenv", "os.environ.get", "os.environ.setdefault", "os.getenvb", "os.environ.pop"})
_POLICY = "configuration: [settings.py]\n"
NEEDS = ("configuration in policy",)

RULE = Rule(
    id="GR123",
    name="environment-read-outside-settings",
    gate="architecture",
    summary="Code outside the settings reads the environment.",
    why="What configures the service is then spread over it: nobody can list it, a typing error is a default, "
    "and two places read one variable with two meanings.",
    remedy="Add a field to the settings and take it from there as an argument.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            import os

            def host():
                return os.environ.get('SHOP_HOST')
            """,
            policy=_POLICY,
        ),
        example(
            """
            from os import environ

            HOST = environ['SHOP_HOST']
            """,
            policy=_POLICY,
        ),
        example(
            """
            import os

            def host(default=os.getenv('SHOP_HOST')):
                return default
            """,
            policy=_POLICY,
        ),
    ),
    good=(
        example(
            """
            import os

            HOST = os.environ.get('SHOP_HOST')
            """,
            path="settings.py",
            policy=_POLICY,
        ),
        example(
            """
            import os, subprocess

            def run():
                os.environ['SHOP_HOST'] = 'cards'
                subprocess.run(['shop'], check=True)
            """,
            policy=_POLICY,
        ),
        example(
            """
            from settings import HOST

            def host():
                return HOST
            """,
            policy=_POLICY,
        ),
        example(
            """
            import os

            def host():
                return os.environ.get('SHOP_HOST')
            """,
        ),
    ),
)


def marks_in(node: ast.Subscript, here: "Here") -> "Iterator[Mark]":
    """Yield what is read from `os.environ` by its name; setting a variable for a child process is no reading."""
    if isinstance(node.ctx, ast.Load) and "os.environ" in here.meanings(node.value):
        yield here.mark(node, f"{ast.unparse(node.slice)} is read from the environment here")


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every read of the environment where policy says which files are the settings."""
    allowed = module.settings.configuration
    if not allowed or matches(module.path, allowed):
        return
    yield from module.marks(RULE.id)
    for call in module.facts.calls:
        if call.name in _READS:
            name = call.arguments[0] if call.arguments else "a variable"
            yield Found(call.line, call.scope, f"{name} is read from the environment here", call.text)
