"""What base's document promises against what head's says: breaks, unproved changes, drift."""

from collections.abc import Callable, Iterator
from functools import partial

from guardrails.analysis.openapi.comparison import differences
from guardrails.analysis.openapi.difference import (
    Difference,
    Direction,
    Level,
    Promise,
    as_promised,
)
from guardrails.analysis.openapi.documents import Document, DocumentError, document_of, parsed, read_document
from guardrails.analysis.openapi.lint.linting import Fault, new_faults
from guardrails.analysis.openapi.values import canonical
from guardrails.gates.contract import rules
from guardrails.gates.contract.settings import Settings, document_path
from guardrails.model.evidence import Evidence, Witness
from guardrails.model.finding import Finding, Location
from guardrails.model.gate import Context
from guardrails.model.policy import Service
from guardrails.model.rule import Rule, finding_of

_RULE_OF = {Level.BREAKING: rules.BREAKING, Level.UNKNOWN: rules.UNKNOWN}
_LONGEST = 8000
Weigh = Callable[[Finding, Difference], Finding]


def finding(
    context: Context,
    service: Service,
    rule: Rule,
    message: str,
    *,
    symbol: str = "",
    subject: str = "",
    remedy: str | None = None,
    evidence: tuple[Evidence, ...] = (),
) -> Finding:
    """Return a finding about a service, or about one operation of it."""
    path = service.contract or (service.paths[0] if service.paths else "")
    place = Location(path=path, symbol=f"{service.name} {symbol}".strip())
    return finding_of(
        rule, context.effect_of(rule), place, message, subject=subject, remedy=remedy, evidence=evidence
    )


def breaks(
    context: Context, service: Service, base: Document, head: Document, weigh: Weigh
) -> tuple[list[Finding], list[Difference]]:
    """Return the findings on what head's document breaks of base's, each weighed, and every difference."""
    settings = context.policy.settings_for("contract", Settings)
    told = differences(base, head, today=context.clock.today())
    found = as_promised(told, partial(_promise_of, settings))
    faults = new_faults(base, head) if settings.lint else []
    return [
        *(weigh(_of(context, service, one), one) for one in found if one.level in _RULE_OF),
        *(_fault(context, service, one) for one in faults),
    ], found


def _promise_of(settings: Settings, one: Difference) -> Promise:
    return Promise(settings.promises.get(f"{one.method} {one.path}", settings.promise))


def _fault(context: Context, service: Service, one: Fault) -> Finding:
    pointer = ascii(one.pointer)[1:-1]
    rule = rules.of_document(one.rule)
    return finding(context, service, rule, f"{one.message} ({pointer})", symbol=pointer, subject=pointer)


def _of(context: Context, service: Service, one: Difference) -> Finding:
    operation = ascii(f"{one.method} {one.path}")[1:-1]
    return finding(
        context,
        service,
        _RULE_OF[one.level],
        f"{operation}, {one.direction}: {one.message} ({ascii(one.pointer)[1:-1]})",
        symbol=operation,
        subject=f"{one.direction} {one.rule} {one.pointer} {one.inner}",
        evidence=tuple(_witness(one)),
    )


def _witness(one: Difference) -> Iterator[Witness]:
    proof = one.witness
    if proof is None:
        return
    value = (proof.text or f"{proof.place}: {canonical(proof.value)}")[:_LONGEST]
    if one.direction is Direction.REQUEST:
        yield Witness(proof.curl[:_LONGEST] or value, "accepts it", "refuses it")
    else:
        yield Witness(value, "never answers it", "may answer it")


def drift(context: Context, service: Service, derived: Document) -> Iterator[Finding]:
    """Yield what is wrong with the committed document of head's tree: missing, unreadable, or another one."""
    settings = context.policy.settings_for("contract", Settings)
    path = document_path(service, settings)
    content = context.head.read(path) if path else None
    if content is None:
        if path and context.base.read(path) is not None:
            yield finding(context, service, rules.DRIFT, f"{path} is gone", remedy=_remedy(settings))
        return
    try:
        committed = document_of(parsed(content, path), path)
    except DocumentError as error:
        yield finding(context, service, rules.INVALID, str(error), subject=path)
        return
    if canonical(committed.root) == canonical(derived.root):
        return
    place = _first_difference(committed.root, derived.root)
    message = f"{path} is not what the code serves; the first difference is at {place}"
    yield finding(context, service, rules.DRIFT, message, remedy=_remedy(settings), subject=path)


def _remedy(settings: Settings) -> str | None:
    return f"Run `{settings.regenerate}` and commit the result." if settings.regenerate else None


def _first_difference(one: object, other: object, pointer: str = "") -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted({*one, *other}):
            if name not in one or name not in other:
                return ascii(f"{pointer}/{name}")[1:-1]
            if canonical(one[name]) != canonical(other[name]):
                return _first_difference(one[name], other[name], f"{pointer}/{name}")
    return ascii(pointer)[1:-1] or "/"


def committed_breaks(context: Context, service: Service, weigh: Weigh) -> tuple[list[Finding], str]:
    """Return what head's committed document breaks of base's, and a fact; nothing is run."""
    settings = context.policy.settings_for("contract", Settings)
    path = document_path(service, settings)
    before, after = context.base.read(path), context.head.read(path)
    if before is None:
        return [], f"{service.name}: base has no committed document"
    if after is None:
        return [finding(context, service, rules.DRIFT, f"{path} is gone")], f"{service.name}: {path} is gone"
    try:
        base, head = read_document(before, f"base's {path}"), read_document(after, path)
    except DocumentError as error:
        return [
            finding(context, service, rules.INVALID, str(error), subject=path)
        ], f"{service.name}: unreadable"
    found, all_ = breaks(context, service, base, head, weigh)
    return found, f"{service.name}: committed documents compared, {len(all_)} differences"
