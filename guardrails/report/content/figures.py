"""The geometry of the drawings in the HTML report: plain numbers, which a template turns into SVG.

Nothing is drawn here, so that all text goes through the template's escaping.
"""

import math
from dataclasses import dataclass

from guardrails.model.evidence import Interval, Movement
from guardrails.report.content.movement import rows_of, window
from guardrails.report.content.printable import columns, one_line, shortened

_ROWS = 12
_ROW_HEIGHT = 24
_TOP = 30
_LABEL = 24
_LETTER = 8  # units that a letter of the drawing's 13 unit monospace takes, rounded up
_PLOT = 480.0
_MARGIN = 80.0
_RATIOS = {"ratio", "x", "times"}


@dataclass(frozen=True, slots=True)
class Label:
    """A name in a column of a slope drawing, at height `y`; `sign` is one of up, down, new, gone, same."""

    y: int
    rank: int
    text: str
    sign: str
    moved: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line from one column's height to the other's."""

    start: int
    end: int
    sign: str


@dataclass(frozen=True, slots=True)
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
    """Return the drawing of the ranks around the first difference."""
    first, last = window(movement, _ROWS)
    base, head, lines = [], [], []
    rows = rows_of(movement)
    for row in rows:
        sign = _sign(row.sign)
        text = shortened(one_line(row.item), _LABEL)
        starts = row.base is not None and first <= row.base <= last
        ends = row.head is not None and first <= row.head <= last
        start, end = _height(row.base or 0, first), _height(row.head or 0, first)
        if starts:
            base.append(Label(start, row.base or 0, text, sign, row.sign))
        if ends:
            head.append(Label(end, row.head or 0, text, sign, row.sign))
        if starts and ends:
            lines.append(Line(start, end, sign))
    # What moved is drawn last, so that it lies on top.
    lines.sort(key=lambda line: (line.sign != "same", line.start))
    shown = max(last - first + 1, 0)
    hidden = max(len(movement.base), len(movement.head)) - shown
    left = 226 - _ends(base)
    return Slope(
        left=left,
        width=334 + _ends(head) - left,
        height=_TOP + _ROW_HEIGHT * shown,
        base=tuple(base),
        head=tuple(head),
        lines=tuple(lines),
        hidden=hidden,
    )


def _ends(labels: list[Label]) -> int:
    longest = max((columns(f"{one.text} {one.rank} {one.moved}") for one in labels), default=0)
    return _LETTER * max(longest, len("base")) + _LETTER


def _height(rank: int, first: int) -> int:
    return _TOP + _ROW_HEIGHT * (rank - first) + _ROW_HEIGHT // 2


def _sign(moved: str) -> str:
    return {"": "same", "↑": "up", "↓": "down"}.get(moved[:1], moved)


@dataclass(frozen=True, slots=True)
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
