"""Runs a rule that needs exact syntax: libcst, and only on files that its trigger matches."""

from collections.abc import Iterator

from guardrails.gates.architecture.catalog import Check
from guardrails.gates.architecture.module import Found, Module


def findings_in_syntax(check: Check, module: Module) -> Iterator[Found]:
    """Yield what the check's visitor reports; nothing where its trigger does not match."""
    if check.trigger is None or check.visitor is None or module.facts.unparsable:
        return
    source = module.source
    if not check.trigger.search(source):
        return
    # libcst costs 0.2 s to import: a clean commit must not pay for it.
    import libcst as cst  # noqa: PLC0415
    from libcst.metadata import MetadataWrapper, PositionProvider  # noqa: PLC0415

    found: list[tuple[cst.CSTNode, str, str]] = []
    # A freshly parsed tree holds no node twice, so it need not be copied; positions cost a third pass.
    wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    wrapper.module.visit(check.visitor(lambda node, message, subject: found.append((node, message, subject))))
    positions = wrapper.resolve(PositionProvider) if found else {}
    for node, message, subject in found:
        line = positions[node].start.line
        yield Found(line, module.facts.scope_at(line), message, subject)
