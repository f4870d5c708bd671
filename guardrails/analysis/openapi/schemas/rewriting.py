"""Writes what a schema can say in several ways in one of them, so that equal schemas look alike."""

from guardrails.analysis.openapi.values import Json, Node, listed, members, texts

_IN_PLACE = frozenset(("$ref", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"))


def rewrite(node: Node) -> None:
    """Write what can be said in several ways in one of them."""
    if "additionalProperties" in node:
        node.pop("unevaluatedProperties", None)  # nothing is left unevaluated
    if "items" in node:
        node.pop("unevaluatedItems", None)
    _evaluate(node)
    if node.get("minContains") == 0 and not {"maxContains", "unevaluatedItems"} & node.keys():
        node.pop("contains", None)
        del node["minContains"]
    inner = members(node.get("not"))
    if len(inner) == 1 and isinstance(inner.get("not"), dict):
        del node["not"]
        node["allOf"] = [*listed(node.get("allOf")), inner["not"]]
    conditions = [(members(node.get("if")), members(node.get("then")))] if "else" not in node else []
    for condition, then in conditions:
        names, needed = texts(condition.get("required")), texts(then.get("required"))
        if condition.keys() == then.keys() == {"required"} and len(names) == 1:
            del node["if"], node["then"]
            dependent = members(node.get("dependentRequired"))
            every: list[Json] = [*sorted({*needed, *texts(dependent.get(names[0]))})]
            node["dependentRequired"] = {**dependent, names[0]: every}


def _evaluate(node: Node) -> None:
    """Write as plain rest what no other schema in the same place can have evaluated."""
    if node.keys() & _IN_PLACE:
        return
    if "unevaluatedProperties" in node:
        node["additionalProperties"] = node.pop("unevaluatedProperties")
    if "unevaluatedItems" in node and "contains" not in node:
        node["items"] = node.pop("unevaluatedItems")


def choose(node: Node) -> None:
    """Write a choice of one as no choice."""
    for name in ("anyOf", "oneOf"):
        if len(listed(node.get(name))) == 1:
            node["allOf"] = [*listed(node.get("allOf")), *listed(node.pop(name))]
