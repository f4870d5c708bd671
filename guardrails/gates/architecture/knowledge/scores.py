"""How code sorts and chooses by scores: which calls do, and which part of an item decides."""

import ast
import re

from guardrails.analysis.code.marks import Here
from guardrails.gates.architecture.knowledge.shapes import called, keyword, last_name

SCORE = r"(?i)\w*(?:scores?|relevance|probability|probabilities|weights?|utility|logits?)\Z"  # compiled when first used
_BY_KEY = (
    "builtins.sorted",
    "builtins.max",
    "builtins.min",
    "heapq.nlargest",
    "heapq.nsmallest",
    "heapq.merge",
)
_GETTERS = frozenset({"operator.attrgetter", "operator.itemgetter"})


def sorting_key(call: ast.Call, here: Here) -> ast.expr | None:
    """Return the `key` of a call that sorts or chooses by one; None for every other call."""
    key = keyword(call, "key")
    if key is None:
        return None
    sorts = called(call)[1] == "sort" or any(one in _BY_KEY for one in here.meanings(call.func))
    return key if sorts else None


def parts_of_key(key: ast.expr, here: Here) -> tuple[str, ...]:
    """Return the names that a key is made of, in order: `("score", "id")`; none where it does not tell."""
    if isinstance(key, ast.Lambda):
        held = key.body.elts if isinstance(key.body, ast.Tuple) else [key.body]
        return tuple(_name_in(one) for one in held)
    if isinstance(key, ast.Call) and not _GETTERS.isdisjoint(here.meanings(key.func)):
        names = [
            one.value for one in key.args if isinstance(one, ast.Constant) and isinstance(one.value, str)
        ]
        return tuple(one.rpartition(".")[2] for one in names) if len(names) == len(key.args) else ()
    return ()


def _name_in(node: ast.expr) -> str:
    return last_name(node.operand if isinstance(node, ast.UnaryOp) else node)


def is_score(name: str) -> bool:
    """Whether a name is one that scores go by."""
    return bool(re.match(SCORE, name))
