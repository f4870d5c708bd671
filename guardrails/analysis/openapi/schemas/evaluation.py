"""Which properties and items a schema has evaluated, so that `unevaluated...` says nothing of them.

What branches and conditions evaluate depends on the value: they count as far as they may where an
upper bound is asked for, and not at all where a lower one is.
"""

from collections.abc import Callable, Iterable

from guardrails.analysis.openapi.schemas.normal import Universe
from guardrails.analysis.openapi.schemas.shapes import leaves
from guardrails.analysis.openapi.values import Json, Node, listed, members

_CHOOSING = ("anyOf", "oneOf", "not", "if", "dependentSchemas")
_Token = tuple[str, str]
_EVERY: _Token = ("every", "")
Same = Callable[[Json, Json], bool]


def evaluates_no_more(
    keyword: str, one: tuple[Universe, Node], other: tuple[Universe, Node], same: Same
) -> bool:
    """Whether what a node may have evaluated another node of another document surely has, too."""
    first, second = _always(*one), _always(*other)
    known = {token for node in second for token in _tokens(keyword, node, is_root=node is other[1])}
    if _EVERY in known:
        return True
    shared = [part for node in second for part in _choices(node)]
    may = [*first]
    for node in first:
        for part in _choices(node):
            if not any(same(part, two) for two in shared):
                may += leaves(one[0], _branches(part))
    return {token for node in may for token in _tokens(keyword, node, is_root=node is one[1])} <= known


def _always(universe: Universe, root: Node) -> list[Node]:
    """Return the nodes that every value that fits the root fits as well, the root first."""
    found: list[Node] = []
    left = [root]
    while left:
        node = left.pop(0)
        if any(node is one for one in found):
            continue
        found.append(node)
        left += [members(one) for one in listed(node.get("allOf"))]
        if "$ref" in node:
            left.append(universe.at(str(node["$ref"])))
    return found


def _choices(node: Node) -> list[Node]:
    """Return what a node decides by looking at the value, each decision as a node of its own."""
    found: list[Node] = [{name: node[name]} for name in _CHOOSING if name in node and name != "if"]
    if "if" in node:
        found.append({name: node[name] for name in ("if", "then", "else") if name in node})
    return found


def _branches(choice: Node) -> Iterable[Node]:
    for name, part in choice.items():
        if name == "dependentSchemas":
            yield from (members(one) for one in members(part).values())
        else:
            yield from (members(one) for one in (part if isinstance(part, list) else [part]))


def _tokens(keyword: str, node: Node, *, is_root: bool) -> set[_Token]:
    found: set[_Token] = set()
    if keyword in node and not is_root:
        found.add(_EVERY)
    if keyword == "unevaluatedItems":
        found |= {("place", str(at)) for at in range(len(listed(node.get("prefixItems"))))}
        found |= {_EVERY} if "items" in node else {("contains", "")} if "contains" in node else set()
        return found
    found |= {("name", name) for name in members(node.get("properties"))}
    found |= {("pattern", name) for name in members(node.get("patternProperties"))}
    return found | ({_EVERY} if "additionalProperties" in node else set())
