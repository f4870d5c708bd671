"""Where each part and each arrow of a picture is drawn, in pixels.

Long arrows get a lane of their own in every row that they cross, one for all arrows to the same
part, so that none runs behind a box that it has nothing to do with.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from guardrails.model.frozen import frozen
from guardrails.tasks.graph.picture import Part, Picture

BOX_HEIGHT = 44
MARGIN = 32
_ROW_GAP = 72
_FOLD_GAP = 34
_GAP = 26
_CHARACTER = 8.2
_PADDING = 32
_NARROWEST = 96
_LANE = 12
_WIDEST_ROW = 8
_SWEEPS = 12

# What a line holds: a part by its name, or a lane by the part it leads to and the line it is in.
_Item = tuple[str, int]
_PART = -1


@frozen
class Box:
    """A part's place: its left upper corner and its width."""

    part: Part
    label: str
    left: float
    top: float
    width: float

    @property
    def middle(self) -> float:
        """The horizontal middle."""
        return self.left + self.width / 2


@frozen
class Layout:
    """Boxes by part name, lanes (x, top, bottom) by arrow, the rows' bands (top, bottom), the size."""

    boxes: Mapping[str, Box]
    lanes: Mapping[tuple[str, str], tuple[tuple[float, float, float], ...]]
    bands: tuple[tuple[float, float], ...]
    width: float
    height: float


def laid_out(picture: Picture, top: float, narrowest: float) -> Layout:
    """Return the layout below `top`, at least `narrowest` wide; rows of more than eight parts are folded."""
    rows = [(number, line) for number, row in enumerate(picture.rows) for line in _folded(row)]
    line_of = {part.name: index for index, (_, line) in enumerate(rows) for part in line}
    ways = {
        (one.importer, one.imported): _crossed(line_of, one.importer, one.imported) for one in picture.arrows
    }
    lines: list[list[_Item]] = [[(part.name, _PART) for part in line] for _, line in rows]
    for (_, target), crossed in ways.items():
        for index in crossed:
            if (target, index) not in lines[index]:
                lines[index].append((target, index))
    _order(lines, ways)
    label = {one.name: _label(one.name, picture.package) for one in picture.parts}
    width_of = {name: max(_NARROWEST, len(text) * _CHARACTER + _PADDING) for name, text in label.items()}
    lengths = [sum(_width(one, width_of) for one in line) + _GAP * (len(line) - 1) for line in lines]
    width = max([*lengths, narrowest - 2 * MARGIN]) + 2 * MARGIN
    tops = _tops([number for number, _ in rows], top)
    left = {
        item: (x, tops[index])
        for index, line in enumerate(lines)
        for item, x in _placed(line, width_of, (width - lengths[index]) / 2)
    }
    boxes = {
        part.name: Box(part, label[part.name], *left[part.name, _PART], width_of[part.name])
        for part in picture.parts
    }
    lanes = {
        pair: tuple(
            (left[pair[1], index][0] + _LANE / 2, tops[index], tops[index] + BOX_HEIGHT) for index in way
        )
        for pair, way in ways.items()
    }
    return Layout(boxes, lanes, _bands(rows, tops), width, tops[-1] + BOX_HEIGHT + MARGIN)


def _label(name: str, package: str) -> str:
    return name.removeprefix(f"{package}.") if package and name != package else name


def _folded(row: Sequence[Part]) -> list[Sequence[Part]]:
    lines = -(-len(row) // _WIDEST_ROW)
    size = -(-len(row) // lines)
    return [row[start : start + size] for start in range(0, len(row), size)]


def _crossed(line_of: Mapping[str, int], importer: str, imported: str) -> list[int]:
    """Return the lines between two parts, in the arrow's direction."""
    start, end = line_of[importer], line_of[imported]
    return list(range(start + 1, end)) if start < end else list(range(start - 1, end, -1))


def _order(lines: list[list[_Item]], ways: Mapping[tuple[str, str], Sequence[int]]) -> None:
    """Sort every line so that its items stand near the middle of those that they are joined to."""
    joined: dict[_Item, list[_Item]] = {one: [] for line in lines for one in line}
    for (importer, imported), crossed in ways.items():
        stops = [(importer, _PART), *((imported, index) for index in crossed), (imported, _PART)]
        for one, other in pairwise(stops):
            joined[one].append(other)
            joined[other].append(one)
    place = {one: (index + 0.5) / len(line) for line in lines for index, one in enumerate(line)}
    for sweep in range(_SWEEPS):
        for line in lines if sweep % 2 else reversed(lines):
            pulled = {one: _mean([place[other] for other in joined[one]], place[one]) for one in line}
            line.sort(key=lambda one, by=pulled: (by[one], one))  # type: ignore[misc] # mypy infers no default's type
            place.update({one: (index + 0.5) / len(line) for index, one in enumerate(line)})


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _width(item: _Item, width_of: Mapping[str, float]) -> float:
    return width_of[item[0]] if item[1] == _PART else _LANE


def _placed(line: Iterable[_Item], width_of: Mapping[str, float], x: float) -> Iterable[tuple[_Item, float]]:
    for item in line:
        yield item, x
        x += _width(item, width_of) + _GAP


def _tops(numbers: Sequence[int], top: float) -> list[float]:
    """Return the upper edge of every line; the lines of one folded row stand closer."""
    tops = [top]
    for before, number in pairwise(numbers):
        tops.append(tops[-1] + BOX_HEIGHT + (_FOLD_GAP if before == number else _ROW_GAP))
    return tops


def _bands(
    rows: Sequence[tuple[int, Sequence[Part]]], tops: Sequence[float]
) -> tuple[tuple[float, float], ...]:
    bands: dict[int, tuple[float, float]] = {}
    for (number, _), top in zip(rows, tops, strict=True):
        bands[number] = (bands.get(number, (top, top))[0], top + BOX_HEIGHT)
    return tuple(bands.values())
