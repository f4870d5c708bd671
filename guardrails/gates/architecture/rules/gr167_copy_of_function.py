"""A function written again is mended once and wrong once: agents re-invent what they did not look for."""

from collections.abc import Iterator
from functools import lru_cache

from guardrails.analysis.code.copies import Copies, is_named
from guardrails.analysis.code.facts import Facts, Scope
from guardrails.analysis.code.graph import Graph, Symbol
from guardrails.analysis.code.selection import matches
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NEEDS = ("added",)
_SLUGS = '''
import re

def slug(title):
    """Return the title as a part of a path."""
    plain = title.strip().lower()
    words = [word for word in re.split(r'\\W+', plain) if word]
    if not words:
        raise ValueError('the title has no word')
    return '-'.join(words[:8])
'''
_PAGES = """
from shop.limits import LARGEST

def page(items, first, size):
    if size > LARGEST:
        raise ValueError(f'at most {LARGEST} items')
    last = min(first + size, len(items))
    return [items[index] for index in range(first, last)]
"""

RULE = Rule(
    id="GR167",
    name="copy-of-function",
    gate="architecture",
    summary="A new function does what one that exists does, to the last name.",
    why="Two copies drift apart: the next fault is mended in the one that its finder knows, and the other keeps it. "
    "Whoever wrote the copy did not know the first one, and the next reader will not know which to call.",
    remedy="Call the function that exists, or move it to where both can import it.",
    effect=Effect.NOTE,
    bad=(
        example(
            '''
            import re

            def path_part(text: str) -> str:
                """Make a text fit for a path."""
                lowered = text.strip().lower()
                parts = [part for part in re.split(r"\\W+", lowered) if part]
                if not parts:
                    raise ValueError("the title has no word")
                return "-".join(parts[:8])
            ''',
            path="shop/cards.py",
            more={"shop/__init__.py": "", "shop/slugs.py": _SLUGS},
        ),
        example(
            """
            from shop import limits

            def window(rows, start, count):
                if count > limits.LARGEST:
                    raise ValueError(f'at most {limits.LARGEST} items')
                end = min(start + count, len(rows))
                return [rows[number] for number in range(start, end)]
            """,
            path="shop/cards.py",
            more={"shop/__init__.py": "", "shop/limits.py": "LARGEST = 100\n", "shop/pages.py": _PAGES},
        ),
        example(
            """
            import math

            def discounted(gains):
                total = 0.0
                for place, gain in enumerate(gains):
                    if gain < 0:
                        raise ValueError('a gain is never negative')
                    total += (2**gain - 1) / math.log2(place + 2)
                return total
            """,
            path="shop/ranking.py",
            more={
                "shop/__init__.py": "",
                "shop/measures.py": """
                from math import log2

                def dcg(values: list[float]) -> float:
                    summed: float = 0.0
                    for rank, value in enumerate(values):
                        if value < 0:
                            raise ValueError('a gain is never negative')
                        summed += (2**value - 1) / log2(rank + 2)
                    return summed
                """,
            },
        ),
    ),
    good=(
        example(
            """
            import re

            def path_part(text):
                lowered = text.strip().lower()
                parts = [part for part in re.split(r'\\W+', lowered) if part]
                if not parts:
                    raise ValueError('the title has no word')
                return '_'.join(parts[:8])
            """,
            path="shop/cards.py",
            more={"shop/__init__.py": "", "shop/slugs.py": _SLUGS},
        ),
        example(
            """
            from shop.slugs import slug

            def path_of(card):
                return slug(card.title)
            """,
            path="shop/cards.py",
            more={"shop/__init__.py": "", "shop/slugs.py": _SLUGS},
        ),
        example(
            """
            LARGEST = 10

            def window(rows, start, count):
                if count > LARGEST:
                    raise ValueError(f'at most {LARGEST} items')
                end = min(start + count, len(rows))
                return [rows[number] for number in range(start, end)]
            """,
            path="shop/cards.py",
            more={"shop/__init__.py": "", "shop/limits.py": "LARGEST = 100\n", "shop/pages.py": _PAGES},
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield the functions that the change adds and whose copies the tree holds under another name or place."""
    scopes = module.facts.scopes
    added = [one for one in sorted(module.added) if _is_judged(scopes[one])]
    if not added or _is_apart(module.facts):
        return
    for scope in added:
        symbol = module.symbol(scope)
        for other in _copies(module.graph).copies_of(symbol):
            if _stands_first(module, other, symbol):
                path = module.graph.modules.by_name[other.module]
                says = f"`{symbol.name}` does what `{other.text}` in {path} does"
                remedy = f"Call `{other.text}`, or move it to where both can import it."
                yield Found(scopes[scope].line, scope, says, f"copy of {other.text}", remedy)
                break


def _is_judged(scope: Scope) -> bool:
    return scope.kind in {"function", "async"} and not scope.name.endswith("__")


def _is_apart(facts: Facts) -> bool:
    """Whether the file is a migration: it runs once and stays as it was."""
    return any(one.module.partition(".")[0] == "alembic" for one in facts.imports)


@lru_cache(maxsize=1)
def _copies(graph: Graph) -> Copies:
    return Copies(graph)


def _stands_first(module: Module, other: Symbol, symbol: Symbol) -> bool:
    """Whether the other function is the one to keep: base has it, or it stands before a new one."""
    path = module.graph.modules.by_name[other.module]
    if matches(path, module.settings.ignore) or _is_apart(module.graph.facts(other.module)):
        return False
    if not is_named(module.facts, symbol.scope):
        return True
    is_old = module.before is not None and _stood(module.before, path, other.name)
    return is_old or (path, other.scope) < (module.path, symbol.scope)


def _stood(before: Graph, path: str, name: str) -> bool:
    return path in before.code.modules.paths and any(
        one.name == name for one in before.code.facts(path).scopes
    )
