"""The order of a set changes from process to process, and what is built from it changes with it."""

import ast
from collections.abc import Iterator

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here, body_of
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.shapes import called
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("For", "ListComp", "Call")
WHERE = "pure"
_SETS = ("builtins.set()", "builtins.frozenset()")
_JOINING = frozenset({"union", "intersection", "difference", "symmetric_difference", "copy"})
_ORDERING = frozenset(
    {
        *(f"builtins.{one}" for one in ("list", "tuple", "enumerate", "iter")),
        *("numpy.array", "numpy.fromiter", "itertools.islice", "collections.deque", "builtins.dict.fromkeys"),
    }
)
_FREE = frozenset(
    {"sorted", "len", "set", "frozenset", "sum", "min", "max", "any", "all", "Counter", "update", "union"}
)
_BUILDING = frozenset({"append", "appendleft", "extend", "insert"})
_PER_PROCESS = {"builtins.hash": "hash() of text differs from process to process"}
_POLICY = "pure: [ranking]"
CALLED = {"join", *(one.rpartition(".")[2] for one in (*_ORDERING, *_PER_PROCESS))}
NEEDS = ("pure", "marks")

RULE = Rule(
    id="GR152",
    name="set-order-in-pure-code",
    gate="architecture",
    summary="Code that policy wants pure lets a set's order or a hash decide.",
    why="Python salts the hashes of texts anew in every process, so a set of ids comes out in another order on every "
    "replica. Two replicas then answer one request differently, and a golden passes here and fails there.",
    remedy="Sort before you go through it: `for id in sorted(ids)`; keep order with `dict.fromkeys`; hash with "
    "`hashlib` where a number must be derived from a text.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            def order(cards):
                kinds = {card.kind for card in cards}
                return [kind for kind in kinds]
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            def order(cards, dismissed):
                return list(set(cards) - set(dismissed))
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            def order(cards: set[str], extra):
                found = []
                for card in cards.union(extra):
                    found.append(card)
                return found
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            def key(card):
                return hash(card.id)
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
    ),
    good=(
        example(
            """
            def order(cards):
                kinds = {card.kind for card in cards}
                return [kind for kind in sorted(kinds)], len(kinds), 'lyrics' in kinds
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            def order(cards):
                total = 0
                for kind in {card.kind for card in cards}:
                    total += len(kind)
                return list(dict.fromkeys(cards)), total
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
        example(
            """
            def kinds(cards):
                return list({card.kind for card in cards})
            """,
            path="report/order.py",
            policy=_POLICY,
        ),
        example(
            """
            class Card:
                def __hash__(self):
                    return hash((self.kind, self.id))
            """,
            path="ranking/order.py",
            policy=_POLICY,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark what is built in the order of a set, and numbers that only this process gives."""
    message = "the order of a set decides what is built"
    if id(node) in here.once(_outermost(node, here), _order_free):
        return
    if isinstance(node, ast.For) and _is_set(node.iter, here) and any(map(_builds, body_of(node))):
        yield here.mark(node, message, f"for {ast.unparse(node.target)} in {ast.unparse(node.iter)}")
    elif isinstance(node, ast.ListComp) and _is_set(node.generators[0].iter, here):
        yield here.mark(node, message)
    elif isinstance(node, ast.Call) and node.args:
        names = here.meanings(node.func)
        is_ordered = not _ORDERING.isdisjoint(names) or called(node)[1] == "join"
        if is_ordered and any(_is_set(one, here) for one in node.args):
            yield here.mark(node, message)
        elif not here.symbol.endswith("__hash__"):
            yield from (here.mark(node, _PER_PROCESS[one]) for one in names if one in _PER_PROCESS)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield the marks of modules that policy wants pure."""
    if module.is_pure:
        yield from module.marks(RULE.id)


def _outermost(node: ast.AST, here: Here) -> ast.AST:
    *_, last = node, *here.around()
    return last


def _order_free(holder: ast.AST) -> frozenset[int]:
    """Return the ids of what is handed to a call for which order means nothing, such as `sorted`."""
    calls = (one for one in ast.walk(holder) if isinstance(one, ast.Call) and called(one)[1] in _FREE)
    return frozenset(id(inner) for call in calls for one in call.args for inner in ast.walk(one))


def _builds(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return called(node)[1] in _BUILDING
    gives = isinstance(node, ast.Return) and not isinstance(node.value, ast.Constant | None)
    return gives or isinstance(node, ast.Yield)


def _is_set(node: ast.expr, here: Here) -> bool:
    if isinstance(node, (ast.Set, ast.SetComp)):
        return True
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.BitAnd, ast.BitOr, ast.Sub, ast.BitXor)):
        return _is_set(node.left, here) or _is_set(node.right, here)
    if isinstance(node, ast.Call):
        owner, method = called(node)
        if owner is not None and method in _JOINING:
            return _is_set(owner, here)
    names = here.meanings(node)
    return bool(names) and all(one in _SETS for one in names)
