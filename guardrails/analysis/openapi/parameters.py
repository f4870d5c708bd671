"""Parameters of one operation, compared as the text that goes over the wire."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice, product

from guardrails.analysis.openapi.difference import Level, Proof
from guardrails.analysis.openapi.operations import Parameter
from guardrails.analysis.openapi.schemas.defaults import Defaults, default_of, told
from guardrails.analysis.openapi.schemas.search import Answer, Comparison
from guardrails.analysis.openapi.values import Json, canonical, count, equal, members, texts

_MOST_READINGS = 64
_TRIED = 200
Finding = tuple[Level, str, str, str, Proof | None]


def compared(base: Parameter, head: Parameter, comparison: Comparison) -> Iterator[Finding]:
    """Yield (level, rule, sentence, inner pointer, witness) for each difference of two aligned parameters."""
    label = f"{head.place} parameter {head.name!a}"
    if head.is_required and not base.is_required:
        proof = Proof(f"{base.place} {base.name}", None, "left out")
        yield Level.BREAKING, "parameter-required", f"{label} became required", "", proof
    if base.raw.get("allowEmptyValue") is True and head.raw.get("allowEmptyValue") is not True:
        yield from _emptied(base, head, label, comparison)
    if bool(base.content()) != bool(head.content()):
        yield from _encoded(base, head, label, comparison)
        return
    if base.content():
        yield from _documents(base, head, label, comparison)
        return
    first, second = base.raw.get("schema", {}), head.raw.get("schema", {})
    yield from _defaults(base, first, second, label, comparison)
    if base.style != head.style:
        yield from restyled(base, head, label, comparison)
    yield from _schemas(base, first, second, label, comparison)


def _emptied(base: Parameter, head: Parameter, label: str, comparison: Comparison) -> Iterator[Finding]:
    """Yield a break where nothing may stand after the parameter's name any more."""
    node = comparison.target.node(head.raw.get("schema", {}))
    if base.place == "query" and not comparison.taken.accepts((node,), ""):
        proof = Proof(f"{base.place} {base.name}", "", f"{base.name}=")
        yield Level.BREAKING, "parameter-empty", f"{label} may no longer be empty", "", proof


def _defaults(
    base: Parameter, first: Json, second: Json, label: str, comparison: Comparison
) -> Iterator[Finding]:
    """Yield the defaults that clients relied on by leaving a parameter out, or a property of it."""
    if not comparison.are_named:
        return
    documents = (comparison.source.document, comparison.target.document)
    before, after = (default_of(*one) for one in zip(documents, (first, second), strict=True))
    if not base.is_required and before is not None and not equal(before, after):
        message = f"{label}: who leaves it out now gets {told(before, after)}"
        yield Level.UNKNOWN, "default", message, "", None
    for pointer, one, other in Defaults(*documents).moved(first, second):
        message = f"{label}: who leaves out {pointer!a} now gets {told(one, other)}"
        yield Level.UNKNOWN, "default", message, pointer, None


def _schemas(
    base: Parameter, first: Json, second: Json, label: str, comparison: Comparison
) -> Iterator[Finding]:
    result = comparison.of(first, second)
    if result.answer is Answer.SAME:
        yield from _lost(first, second, label, comparison)
        return
    if is_spread_item(base, first, second, comparison):
        yield Level.SAFE, "parameter-schema", f"{label} may now be given more than once", "", None
        return
    witnesses = [
        one
        for one in result.witnesses
        if result.is_meant or not is_read(one.value, first, second, comparison)
    ]
    if witnesses:
        for one in witnesses:
            shown = Proof(f"{base.place} {base.name}", one.value, serialised(base, one.value))
            proof = None if result.is_meant else shown
            yield Level.BREAKING, f"parameter-{one.keyword}", f"{label}: {one.reason}", one.pointer, proof
    elif result.narrowed:
        which = ", ".join(result.narrowed)
        message = f"{label}: {which} lets less through than base promised"
        yield Level.BREAKING, "parameter-narrowed", message, "", None
    else:
        lost = list(_lost(first, second, label, comparison))
        yield from lost
        if result.answer is Answer.UNKNOWN:
            message = f"{label}: neither proved nor refuted that all still fits"
            yield Level.UNKNOWN, "parameter-schema", message, "", None
        elif not lost:
            yield Level.SAFE, "parameter-schema", f"{label} takes all that it took", "", None


def _lost(first: Json, second: Json, label: str, comparison: Comparison) -> Iterator[Finding]:
    """Yield what clients lose, though every text is still taken."""
    for loss in comparison.losses(first, second):
        if loss.is_read or comparison.are_named:
            yield loss.level, loss.rule, f"{label}: {loss.sentence}", loss.pointer, None


def is_spread_item(parameter: Parameter, source: Json, target: Json, comparison: Comparison) -> bool:
    """Whether the target is an exploded list whose items are what the source was: one value reads as a list of one."""
    node = comparison.target.node(target)
    if parameter.style[:2] != ("form", True) or node.get("type") != ["array"] or "items" not in node:
        return False
    if (count(node.get("minItems")) or 0) > 1:
        return False
    sent = comparison.source.node(source)
    scalar = not {"array", "object"} & set(texts(sent.get("type"))) and "type" in sent
    return scalar and comparison.proof.holds((sent,), (members(node["items"]),))


def is_read(value: Json, source: Json, target: Json, comparison: Comparison) -> bool:
    """Whether the target takes the value when it is read back from text, as any type that the text spells.

    A reading that the source had as well does not count: there the type was told apart by the
    value, and reading it otherwise now is another meaning.
    """
    sent, taken = comparison.source.node(source), comparison.target.node(target)
    return any(
        comparison.taken.accepts((taken,), one)
        and (equal(one, value) or not comparison.sent.accepts((sent,), one))
        for one in readings(value)
    )


def readings(value: Json) -> Iterator[Json]:
    """Yield what the text of a value may be read as; a null has no text."""
    yield value
    if value is None:
        return
    if isinstance(value, list):
        yield [text_of(one) for one in value]
        yield [next(reversed([*_scalar(one)])) for one in value]
    elif isinstance(value, dict):
        for some in islice(product(*(_scalar(one) for one in value.values())), _MOST_READINGS):
            yield dict(zip(value, some, strict=True))
    else:
        yield from _scalar(value)


def _scalar(value: Json) -> Iterator[Json]:
    yield value
    if isinstance(value, dict | list):
        return
    text = text_of(value)
    yield text
    if text in {"true", "false"}:
        yield text == "true"
    with suppress(ValueError):
        yield int(text)


def text_of(value: Json) -> str:
    """Return a scalar as it is written in a path or a query."""
    return value if isinstance(value, str) else "" if value is None else canonical(value)


def serialised(parameter: Parameter, value: Json) -> str:
    """Return the value as the parameter's style writes it, percent-encoding left out."""
    style, explode, _ = parameter.style
    if isinstance(value, list):
        words = [text_of(one) for one in value]
        if explode and style in {"form", "cookie"}:
            return "&".join(f"{parameter.name}={one}" for one in words)
        joint = {"spaceDelimited": " ", "pipeDelimited": "|"}.get(style, ",")
        return f"{parameter.name}={joint.join(words)}"
    if isinstance(value, dict):
        pairs = {name: text_of(one) for name, one in value.items()}
        if style == "deepObject":
            return "&".join(f"{parameter.name}[{name}]={one}" for name, one in pairs.items())
        if explode:
            return "&".join(f"{name}={one}" for name, one in pairs.items())
        return f"{parameter.name}=" + ",".join(f"{name},{one}" for name, one in pairs.items())
    return f"{parameter.name}={text_of(value)}"


def restyled(base: Parameter, head: Parameter, label: str, comparison: Comparison) -> Iterator[Finding]:
    """Yield a break where some value is written otherwise; scalars of form and simple look alike."""
    node = comparison.source.node(base.raw.get("schema", {}))
    for value in comparison.candidates.of_slot((node,), ({"minItems": 2, "maxProperties": 0},), 400)[:80]:
        old, new = serialised(base, value), serialised(head, value)
        if old != new or (base.style[0] in {"matrix", "label"}) != (head.style[0] in {"matrix", "label"}):
            proof = Proof(f"{base.place} {base.name}", value, old)
            yield (
                Level.BREAKING,
                "parameter-style",
                f"{label} is now written as {new!a}, was {old!a}",
                "",
                proof,
            )
            return


def _encoded(base: Parameter, head: Parameter, label: str, comparison: Comparison) -> Iterator[Finding]:
    before = next(iter(base.content()), "")
    after = next(iter(head.content()), "")
    schema = members(base.content().get(before)).get("schema") if before else base.raw.get("schema")
    value = sample(schema, comparison)
    text = f"{base.name}={canonical(value)}" if "json" in before else serialised(base, value)
    message = f"{label} is written as {after or 'plain text'}, was {before or 'plain text'}"
    yield Level.BREAKING, "parameter-encoding", message, "", Proof(f"{base.place} {base.name}", value, text)


def sample(schema: Json, comparison: Comparison) -> Json:
    """Return a value that the source sends, one with something in it where there is one."""
    values = comparison.candidates.of_slot((comparison.source.node(schema),), (), _TRIED)
    return next((one for one in values if one not in ("", None)), values[0] if values else "x")


def _documents(base: Parameter, head: Parameter, label: str, comparison: Comparison) -> Iterator[Finding]:
    old, new = base.content(), head.content()
    for media in old:
        if media not in new:
            yield Level.BREAKING, "parameter-encoding", f"{label} is no longer taken as {media}", "", None
        else:
            first, second = members(old[media]).get("schema", {}), members(new[media]).get("schema", {})
            yield from _defaults(base, first, second, label, comparison)
            yield from _schemas(base, first, second, label, comparison)
