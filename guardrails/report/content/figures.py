"""The geometry of the drawings in the HTML report: plain numbers, which a template turns into SVG.

Nothing is drawn here, so that all text goes through the template's escaping.
"""

import math

from guardrails.model.evidence import Interval, Movement
from guardrails.model.frozen import frozen
from guardrails.report.content.movement import ranks_shown, rows_of
from guardrails.report.content.printable import columns, one_line, shortened

_ROWS = 12
_ROW_HEIGHT = 24
_TOP = 30
_LABEL = 24
_LETTER = 8  # units that a letter of the drawing's 13 unit monospace takes, rounded up
_PLOT = 480.0
_MARGIN = 80.0
_RATIOS = {"ratio", "x", "times"}


@frozen
class Label:
    """A name in a column of a slope drawing, at height `y`; `sign` is one of up, down, new, gone, same."""

    y: int
    rank: int
    text: str
    sign: str
    moved: str


@frozen
class Line:
    """A line from one column's height to the other's."""

    start: int
    end: int
    sign: str


@frozen
class Slope:
    """Two ranked columns and the lines between them; `hidden` items did not fit.

    The drawing reaches from `left`, `width` wide; the lines stand between x 236 and 324.
    """

    left: int
    width: int
    height: int
    base: tuple[Label, ...]
    head: tuple[Label, ...]
    lines: tuple[Line, ...]
    hidden: int


def slope_of(movement: Movement) -> Slope:
    """Return the drawing of the ranks at and around which something moved."""
    heights = {rank: _height(row) for row, rank in enumerate(ranks_shown(movement, _ROWS))}
    base, head, lines = [], [], []
    rows = rows_of(movement)
    for row in rows:
        sign = _sign(row.sign)
        text = shortened(one_line(row.item), _LABEL)
        start, end = heights.get(row.base or 0), heights.get(row.head or 0)
        if start is not None:
            base.append(Label(start, row.base or 0, text, sign, row.sign))
        if end is not None:
            head.append(Label(end, row.head or 0, text, sign, row.sign))
        if start is not None and end is not None:
            lines.append(Line(start, end, sign))
    # What moved is drawn last, so that it lies on top.
    lines.sort(key=lambda line: (line.sign != "same", line.start))
    hidden = max(len(movement.base), len(movement.head)) - len(heights)
    left = 226 - _ends(base)
    return Slope(
        left=left,
        width=334 + _ends(head) - left,
        height=_TOP + _ROW_HEIGHT * len(heights),
        base=tuple(base),
        head=tuple(head),
        lines=tuple(lines),
        hidden=hidden,
    )


def _ends(labels: list[Label]) -> int:
    longest = max((columns(f"{one.text} {one.rank} {one.moved}") for one in labels), default=0)
    return _LETTER * max(longest, len("base")) + _LETTER


def _height(row: int) -> int:
    return _TOP + _ROW_HEIGHT * row + _ROW_HEIGHT // 2


def _sign(moved: str) -> str:
    return {"": "same", "↑": "up", "↓": "down"}.get(moved[:1], moved)


@frozen
class Bar:
    """An interval on a line: positions in 0..640, and the reference (0, for ratios 1) that it is seen against."""

    low: float
    high: float
    estimate: float
    reference: float
    low_text: str
    high_text: str
    reference_text: str


def bar_of(one: Interval) -> Bar | None:
    """Return the drawing of an interval, none where its numbers are not finite or not in order."""
    reference = 1.0 if one.unit in _RATIOS else 0.0
    numbers = (one.low, one.estimate, one.high)
    if not all(map(math.isfinite, numbers)) or sorted(numbers) != list(numbers):
        return None
    first, last = min(one.low, reference), max(one.high, reference)
    if not math.isfinite(last - first) or last - first <= 0:
        return None

    def position(number: float) -> float:
        return round(_MARGIN + _PLOT * ((number - first) / (last - first)), 1)

    return Bar(
        low=position(one.low),
        high=position(one.high),
        estimate=position(one.estimate),
        reference=position(reference),
        low_text=f"{one.low:.4g}",
        high_text=f"{one.high:.4g}",
        reference_text=f"{reference:g}",
    )
