"""Code that only its tests run is kept, read and mended for nobody."""

from collections.abc import Iterator

from guardrails.analysis.code.facts import Call
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.mentions import is_test, used_only_by_tests
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NEEDS = ("added",)
_FUNCTIONS = frozenset({"function", "async"})
# Decorators that hand on what they are given to whoever names it; others may keep it for a framework.
_PLAIN = (
    *("builtins.staticmethod", "functools.", "contextlib.", "dataclasses.dataclass", "typing.final"),
    *("typing.no_type_check", "tenacity.", "backoff.", "warnings.deprecated", "typing.deprecated"),
)
# What runners and frameworks call by name.
_BY_NAME = ("main", "handler", "lifespan", "upgrade", "downgrade", "pytest_", "on_", "visit_", "do_", "test")

RULE = Rule(
    id="GR168",
    name="used-by-tests-only",
    gate="architecture",
    summary="A new public function or class is used by tests and by nothing else.",
    why="It passes every check and does nothing: either the change forgot to call it, or it was written so that "
    "there is something to test. Coverage then counts lines that no user ever runs.",
    remedy="Call it where it was meant to be called, or remove it together with its tests.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            def discount(price, share):
                return price * (1 - share)
            """,
            path="shop/prices.py",
            more={
                "shop/__init__.py": "",
                "tests/test_prices.py": (
                    "from shop.prices import discount\n\ndef test_it():\n    assert discount(2, 0.5) == 1\n"
                ),
            },
        ),
        example(
            """
            class Ledger:
                def __init__(self):
                    self.rows = []
            """,
            path="shop/ledger.py",
            more={
                "shop/__init__.py": "",
                "tests/test_ledger.py": "from shop import ledger\n\nassert ledger.Ledger().rows == []\n",
            },
        ),
        example(
            """
            from functools import lru_cache

            @lru_cache(maxsize=8)
            def catalogue(market):
                return (market,)
            """,
            path="shop/catalogue.py",
            more={
                "shop/__init__.py": "",
                "shop/app.py": "from shop import prices\n",
                "shop/prices.py": "PRICE = 1\n",
                "tests/test_catalogue.py": "from shop.catalogue import catalogue as known\n\nassert known('se')\n",
            },
        ),
    ),
    good=(
        example(
            """
            def discount(price, share):
                return price * (1 - share)
            """,
            path="shop/prices.py",
            more={
                "shop/__init__.py": "",
                "shop/app.py": "from shop import prices\n\nPRICE = prices.discount(2, 0.5)\n",
                "tests/test_prices.py": "from shop.prices import discount\n\nassert discount(2, 0.5) == 1\n",
            },
        ),
        example(
            """
            def discount(price, share):
                return price * (1 - share)
            """,
            path="shop/prices.py",
            more={
                "shop/__init__.py": "",
                "pyproject.toml": "[project.entry-points.'shop.rules']\nd = 'shop.prices:discount'\n",
                "tests/test_prices.py": "from shop.prices import discount\n\nassert discount(2, 0.5) == 1\n",
            },
        ),
        example(
            """
            import click

            @click.command()
            def restock():
                return None
            """,
            path="shop/tasks.py",
            more={
                "shop/__init__.py": "",
                "tests/test_tasks.py": "from shop.tasks import restock\n\nassert restock\n",
            },
        ),
        example(
            """
            from collections import OrderedDict

            class Ordered(OrderedDict):
                pass
            """,
            path="shop/plugins.py",
            more={
                "shop/__init__.py": "",
                "tests/test_plugins.py": "from shop.plugins import Ordered\n\nassert Ordered\n",
            },
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield the public names that the change adds and only tests write."""
    if is_test(module.path):
        return
    scopes = module.facts.scopes
    added = {
        scopes[one].name.rpartition(".")[2]: one for one in sorted(module.added) if _is_judged(module, one)
    }
    if not added:
        return
    for name, test in used_only_by_tests(module, added):
        scope = added[name]
        says = f"`{scopes[scope].name}` is used by {test} and by no code that is no test"
        yield Found(scopes[scope].line, scope, says, f"{name} is used by tests only")


def _is_judged(module: Module, scope: int) -> bool:
    one = module.facts.scopes[scope]
    name = one.name.rpartition(".")[2]
    if name.startswith("_") or name.lower().startswith(_BY_NAME):
        return False
    if not all(_hands_on(module, each) for each in one.decorators):
        return False
    if one.kind == "class":
        return all(base.startswith("builtins.") for base in one.bases)
    is_static = any(each.name == "builtins.staticmethod" for each in one.decorators)
    return one.kind in _FUNCTIONS and (module.facts.scopes[one.parent].kind != "class" or is_static)


def _hands_on(module: Module, decorator: Call) -> bool:
    """Whether a decorator keeps nothing of what it decorates: a known one, or one of the tree that only returns."""
    meanings = module.graph.meanings(module.name, decorator.name)
    for meaning in meanings:
        for symbol in module.graph.symbols(meaning):
            facts = module.graph.facts(symbol.module)
            busy = [one.scope for one in facts.calls] + [one.scope for one in facts.writes]
            if any(facts.function_of(one) == symbol.scope for one in busy):
                return False
        if ":" not in meaning and not meaning.startswith(_PLAIN):
            return False
    return bool(meanings)
