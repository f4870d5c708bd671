"""Layers hold only while every import keeps to them, lazy, dynamic and type-only ones included."""

import sys
from collections.abc import Iterator

from guardrails.analysis.code.facts import Import
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.layers import is_under, objection_to, place_of, standing_alone
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.settings import LayerContract
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_POLICY = (
    "contracts:\n"
    "  - package: shop\n"
    "    layers: [[api], [ranking, features], [model]]\n"
    "    standard_library_only: {model: []}\n"
)
NEEDS = ("contracts",)

RULE = Rule(
    id="GR101",
    name="layer-violation",
    gate="architecture",
    summary="A module imports what the layers of its package keep from it, or stands in no layer.",
    why="Layers are a promise about which part may know which. One import against them makes two parts "
    "change, test and fail together, and the next change copies it.",
    remedy="Move what both need into a layer below, or pass it in as an argument.",
    effect=Effect.BLOCK,
    bad=(
        example(
            """
            from shop.api import routes
            """,
            path="shop/ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            from ..features.store import read
            """,
            path="shop/ranking/order.py",
            policy=_POLICY,
            more={
                "shop/features/store.py": """
                read = 1
                """,
            },
        ),
        example(
            """
            import numpy
            """,
            path="shop/model/card.py",
            policy=_POLICY,
        ),
        example(
            """
            x = 1
            """,
            path="shop/stray.py",
            policy=_POLICY,
        ),
    ),
    good=(
        example(
            """
            from shop.ranking import order
            """,
            path="shop/api/routes.py",
            policy=_POLICY,
        ),
        example(
            """
            from ..model import card
            from . import ties
            """,
            path="shop/ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            import dataclasses
            from shop.model import ids
            """,
            path="shop/model/card.py",
            policy=_POLICY,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every import against a contract or a ban, and a module that no layer holds."""
    for name in module.graph.modules.names(module.name):
        for contract in module.settings.contracts:
            if is_under(name, contract.package):
                yield from _against(contract, module, name)
        for ban in module.settings.forbidden:
            if is_under(name, ban.importer):
                for target, one in _imports(module, name):
                    if any(is_under(target, banned) for banned in ban.imported):
                        yield _found(module, one, target, f"{ban.reason}")


def _against(contract: LayerContract, module: Module, name: str) -> Iterator[Found]:
    if contract.exhaustive and place_of(contract, name) is None:
        yield Found(
            0,
            0,
            f"{module.name} stands in no layer of {contract.package}",
            "no layer",
            "Move the module into one of the layers, or name its layer in policies/architecture.yaml.",
        )
    for target, one in _imports(module, name):
        objection = _objection(contract, module, name, target)
        if objection:
            yield _found(module, one, target, objection)


def _objection(contract: LayerContract, module: Module, name: str, target: str) -> str | None:
    objection = objection_to(contract, name, target) if is_under(target, contract.package) else None
    alone = standing_alone(contract, name)
    if objection or alone is None:
        return objection
    package, more = alone
    top = target.partition(".")[0]
    # A script's own folder is on its path, so a bare name may be a neighbour.
    is_neighbour = f"{module.name.rpartition('.')[0]}.{top}" in module.graph.modules.by_name
    if (
        is_neighbour
        or top in sys.stdlib_module_names
        or any(is_under(target, one) for one in (package, *more))
    ):
        return None
    return f"{package} imports the standard library and itself only"


def _imports(module: Module, name: str) -> Iterator[tuple[str, Import]]:
    """Yield what the module imports, written as it is written itself: without the folder that `name` leaves out."""
    folder = module.name[: len(module.name) - len(name)]
    seen = set()
    for imported, one in module.graph.modules.edges(module.name, module.facts):
        target = imported.removeprefix(folder)
        if (target, one.line) not in seen:  # one statement may bring in many names of one module
            seen.add((target, one.line))
            yield target, one


def _found(module: Module, one: Import, target: str, reason: str) -> Found:
    return Found(one.line, one.scope, f"{module.name} imports {target}, but {reason}", f"imports {target}")
