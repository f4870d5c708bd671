"""A finding's evidence as a few plain lines: enough to believe it, the rest is in the JSON."""

from collections.abc import Iterator

from guardrails.model.evidence import (
    Before,
    CallChain,
    Evidence,
    Interval,
    Movement,
    Mutant,
    TestOutcome,
    Transcript,
    Witness,
)
from guardrails.report.content.movement import ranks_shown, rows_of
from guardrails.report.content.printable import columns, excerpt, one_line, shortened, without_middle

_ROWS = 6
_RANKS = 8
_ITEM = 28
_COMMAND_LINES = 2


def proof_lines(one: Evidence, width: int) -> Iterator[str]:
    """Yield printable lines, of `width` columns at most save for commands, which take up to two such lines."""
    match one:
        case Before(before, after):
            yield from _signed("- ", before, width)
            yield from _signed("+ ", after, width)
        case Witness(request, base, head):
            yield f"$ {_command(request, width)}"
            yield from _signed("base: ", base, width)
            yield from _signed("head: ", head, width)
        case Movement():
            yield from _movement(one, width)
        case TestOutcome(test, base, head, message):
            yield one_line(f"test {test}: {base} on base, {head} on head")
            yield from _signed("  ", message, width)
        case Mutant(path, line, original, mutated):
            yield one_line(f"no test noticed this fault in {path}:{line}")
            yield from _signed("- ", original, width)
            yield from _signed("+ ", mutated, width)
        case CallChain(steps):
            for depth, step in enumerate(steps):
                arrow = "→ " if depth else ""
                yield one_line(f"{'  ' * min(depth, 8)}{arrow}{step.symbol}  {step.path}:{step.line}")
        case Interval():
            yield interval_line(one)
        case Transcript(command, output):
            yield f"$ {_command(command, width)}"
            yield from _signed("  ", output, width)


def interval_line(one: Interval) -> str:
    """Return a measured quantity with its interval, confidence and sample count, in one line."""
    numbers = f"{one.estimate:.4g} {one.unit} [{one.low:.4g}, {one.high:.4g}]"
    return one_line(
        f"{one.metric}: {numbers}, {100 * one.confidence:.4g} % confidence, {one.samples} samples"
    )


def _command(text: str, width: int) -> str:
    """Return a command whole where two lines hold it, else without its middle, which is mostly a body."""
    return without_middle(text.strip(), _COMMAND_LINES * max(width, 20) - len("$ "))


def _signed(sign: str, text: str, width: int) -> Iterator[str]:
    if text.strip():
        first, *others = excerpt(text, _ROWS, max(width - len(sign), 20))
        yield sign + first
        yield from (" " * len(sign) + line for line in others)


def _movement(one: Movement, width: int) -> Iterator[str]:
    yield one_line(f"scenario {one.scenario}: {one.kind}")
    ranks = ranks_shown(one, _RANKS)
    pairs = [(_item(one.base, rank), _item(one.head, rank)) for rank in ranks]
    longest = max((len(one_line(item)) for pair in pairs for item in pair), default=0)
    room = min(longest, _ITEM, max((width - 18) // 2, 8))
    signs = {row.item: row.sign for row in rows_of(one)}
    yield f"     {'base':<{room}}    head"
    last = 0
    for rank, (old, new) in zip(ranks, pairs, strict=True):
        if rank > last + 1:
            yield "  ⋮"
        last = rank
        gone = "✗" if signs.get(old) == "gone" else " "
        yield f"{rank:>3}  {_cell(old, room)} {gone}  {_cell(new, room)}  {signs.get(new, '')}".rstrip()
    if last < max(len(one.base), len(one.head)):
        yield "  ⋮"
    if one.cause:
        yield shortened(one_line(f"moved by {one.cause}"), max(width, 20))


def _cell(item: str, room: int) -> str:
    text = shortened(one_line(item), room)
    return text + " " * (room - columns(text))


def _item(items: tuple[str, ...], rank: int) -> str:
    return items[rank - 1] if rank <= len(items) else ""
