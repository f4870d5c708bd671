"""The picture as lines of text, for a terminal and for an agent."""

from collections.abc import Sequence

from guardrails.model.evidence import Step
from guardrails.tasks.graph.picture import Part, Picture


def picture_as_text(picture: Picture) -> str:
    """Return rows first, then who imports whom, then what the layers forbid."""
    lines = [picture.title, ""]
    for number, row in enumerate(picture.rows, 1):
        lines.append(f"row {number}: {', '.join(map(_part_text, row))}")
    if picture.arrows:
        lines.append("")
    for part in picture.parts:
        targets = [f"{one.imported} ({one.count})" for one in picture.arrows if one.importer == part.name]
        if targets:
            lines.append(f"{part.name} imports {', '.join(targets)}")
    for one in picture.against:
        lines += ["", f"{one.example}: {one.importer} imports {one.imported}: {one.objection}"]
    return "\n".join(lines) + "\n"


def _part_text(part: Part) -> str:
    share = f", {part.unresolved_share:.0%} of calls unresolved" if part.calls else ""
    files = "1 module" if part.modules == 1 else f"{part.modules} modules"
    return f"{part.name} ({files}{share})"


def chain_as_text(start: str, end: str, steps: Sequence[Step]) -> str:
    """Return one line for each step between `start` and `end`."""
    if not steps:
        return (
            f"no call chain from {start} to {end} was found; calls that cannot be resolved are not followed\n"
        )
    lines = [f"{start} reaches {end} in {len(steps)} step{'s' if len(steps) > 1 else ''}"]
    lines += [f"{'  ' * depth}{one.path}:{one.line}: {one.symbol}" for depth, one in enumerate(steps, 1)]
    return "\n".join(lines) + "\n"
