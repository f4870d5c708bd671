"""What can be said of a property whose name no schema declares, and of its name."""

from collections.abc import Iterator

from guardrails.analysis.openapi.schemas.automata import within
from guardrails.analysis.openapi.schemas.shapes import is_found
from guardrails.analysis.openapi.schemas.tableau.cases import Literal, Part, Value, fails, fits
from guardrails.analysis.openapi.values import Json, Node, members


def failing_part(one: Literal) -> Part | None:
    """Return what fails at the property that the literal speaks of, None where its name does."""
    if one.name == "some-other":
        return fails(one.side, members(one.node["additionalProperties"]))
    return fails(one.side, one.node) if one.name == "some-matching" else None


def concerns(one: Literal, name: str) -> bool:
    """Whether a literal can speak of a property of that name."""
    if one.name == "some-other":
        patterns = members(one.node.get("patternProperties"))
        return name not in members(one.node.get("properties")) and not any(
            is_found(p, name) for p in patterns
        )
    return one.name == "some-name" or is_found(str(one.value), name)


def cases_of(value: Value, one: Literal) -> list[str | None]:
    """Return the patterns that an undeclared name may match, and None for none of them."""
    if one.name == "some-matching":
        return [str(one.value)]
    patterns = dict.fromkeys(name for node in value.nodes for name in members(node.get("patternProperties")))
    own = members(one.node.get("patternProperties")) if one.name == "some-other" else {}
    return [None, *(name for name in patterns if name not in own)]


def of_undeclared(node: Node, pattern: str | None, is_asked: bool) -> Iterator[Node]:
    """Yield what surely holds of a property whose undeclared name matches the pattern, None being no pattern."""
    patterns = members(node.get("patternProperties"))
    matching = [one for one in patterns if pattern is not None and (one == pattern or within(pattern, one))]
    yield from (members(patterns[one]) for one in matching)
    if (
        not matching
        and "additionalProperties" in node
        and (not patterns or (pattern is None and not is_asked))
    ):
        yield members(node["additionalProperties"])


def of_name(value: Value, one: Literal, pattern: str | None) -> list[Part]:
    """Return what must hold of such a name itself."""
    string: Node = {"type": ["string"]}
    found = [fits(one.side, string)]
    for side, nodes in enumerate(value.plain):
        found += [fits(side, members(node["propertyNames"])) for node in nodes if "propertyNames" in node]
        if pattern is None:
            names = [name for node in nodes for name in members(node.get("patternProperties"))]
            found += [fails(side, {"type": ["string"], "pattern": name}) for name in names]
    if pattern is not None:
        found.append(fits(one.side, {"pattern": pattern}))
    if one.name == "some-other":
        declared = list[Json](members(one.node.get("properties")))
        found += [fails(one.side, {"enum": declared})] if declared else []
        found += [fails(one.side, {"pattern": p}) for p in members(one.node.get("patternProperties"))]
    if one.name == "some-name":
        found.append(fails(one.side, one.node))
    return found
