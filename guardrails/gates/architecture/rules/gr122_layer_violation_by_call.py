"""A layer that is skipped by a re-export or an argument's type is skipped all the same.

GR101 judges imports. A handler that gets a repository handed in, or takes it from a package that
only hands it on, imports nothing wrong and calls it nevertheless.
"""

from collections.abc import Iterator, Sequence

from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.layers import is_under, objection_to
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.settings import LayerContract
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_POLICY = (
    "contracts:\n"
    "  - package: shop\n"
    "    layers: [[api], [services], [repositories], [wiring]]\n"
    "    closed: true\n"
    "exempt: {GR101: [shop/api]}\n"
)
_STORE = """
class Store:
    def read(self, key):
        return key

def count():
    return 1
"""

RULE = Rule(
    id="GR122",
    name="layer-violation-by-call",
    gate="architecture",
    summary="A module calls code of a layer that its own layer may not reach.",
    why="Layers keep decisions in one place: a handler that talks to the repository skips the service that "
    "checks, counts and caches. A re-export or an injected object hides the import, not the dependency.",
    remedy="Call the layer in between, and move what it lacks there.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            from shop.wiring import Store

            def card(store: Store, key):
                return store.read(key)
            """,
            path="shop/api/cards.py",
            policy=_POLICY,
            more={
                "shop/wiring.py": "from shop.repositories.store import Store\n",
                "shop/repositories/store.py": _STORE,
            },
        ),
        example(
            """
            from shop.wiring import count

            def cards():
                return count()
            """,
            path="shop/api/cards.py",
            policy=_POLICY,
            more={
                "shop/wiring.py": "from shop.repositories.store import count\n",
                "shop/repositories/store.py": _STORE,
            },
        ),
        example(
            """
            from shop.services.cards import store

            def card(key):
                return store().read(key)
            """,
            path="shop/api/cards.py",
            policy=_POLICY,
            more={
                "shop/services/cards.py": """
                from shop.repositories.store import Store

                def store() -> Store:
                    return Store()
                """,
                "shop/repositories/store.py": _STORE,
            },
        ),
    ),
    good=(
        example(
            """
            from shop.services.cards import card

            def show(key):
                return card(key)
            """,
            path="shop/api/cards.py",
            policy=_POLICY,
            more={
                "shop/services/cards.py": """
                from shop.repositories.store import Store

                def card(key):
                    return Store().read(key)
                """,
                "shop/repositories/store.py": _STORE,
            },
        ),
        example(
            """
            from shop.repositories.store import Store

            def card(store: Store, key):
                return store.read(key)
            """,
            path="shop/services/cards.py",
            policy=_POLICY,
            more={"shop/repositories/store.py": _STORE},
        ),
        example(
            """
            from shop.wiring import count

            def cards():
                return count()
            """,
            path="shop/api/cards.py",
            policy=_POLICY,
            more={"shop/wiring.py": "from elsewhere import count\n"},
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every call into a layer that a contract keeps from the module, unless an import shows it."""
    for name in module.graph.modules.names(module.name):
        contracts = [one for one in module.settings.contracts if is_under(name, one.package)]
        if contracts:
            yield from _calls_against(contracts, module, name)


def _calls_against(contracts: Sequence[LayerContract], module: Module, own: str) -> Iterator[Found]:
    folder = module.name[: len(module.name) - len(own)]
    imported = {target for target, _ in module.graph.modules.edges(module.name, module.facts)}
    seen = set()
    for call in module.facts.calls:
        for meaning in module.graph.meanings(module.name, call.name):
            target, colon, name = meaning.partition(":")
            if not colon or target in imported or (target, name, call.scope) in seen:
                continue
            seen.add((target, name, call.scope))
            for contract in contracts:
                if is_under(target.removeprefix(folder), contract.package):
                    objection = objection_to(contract, own, target.removeprefix(folder))
                    if objection:
                        what = f"{module.name} calls {target}.{name.replace('()', '')}, but {objection}"
                        yield Found(call.line, call.scope, what, f"calls {target}.{name}")
