"""The picture as an SVG that one would look at: rows as bands, arrows by weight, faults in red.

One file without script or font, light and dark by the reader's setting, with a title on every box
and arrow that tells its numbers.
"""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from guardrails.model.evidence import Step
from guardrails.tasks.graph.layout import BOX_HEIGHT, MARGIN, Box, Layout, laid_out
from guardrails.tasks.graph.picture import Arrow, Picture

_HEADER = 76
_TITLE_CHARACTER = 10.2
_SMALL_CHARACTER = 6.6
_STEP = 78
_STEP_WIDTH = 640
_STYLE = """
:root{color-scheme:light dark}
svg{background:#fff;font:14px ui-sans-serif,system-ui,sans-serif}
.ground{fill:#fff}.band{fill:#f4f6f8}.box{fill:#fff;stroke:#5b6b7b;stroke-width:1.25}
.name{fill:#16202a;font-weight:600}.small{fill:#5b6b7b;font-size:11.5px}.title{fill:#16202a;font-size:17px;font-weight:650}
.arrow{fill:none;stroke:#8a99a8;stroke-opacity:.75}.head{fill:#8a99a8}
.arrow.bad{stroke:#c62828;stroke-opacity:1;stroke-dasharray:6 4}.head.bad{fill:#c62828}.small.bad{fill:#c62828}
.arrow:hover{stroke:#1a6fd4;stroke-opacity:1}
@media (prefers-color-scheme:dark){svg{background:#12181e}.ground{fill:#12181e}.band{fill:#1a222a}
.box{fill:#222c35;stroke:#8fa1b3}.name,.title{fill:#eef3f7}.small{fill:#a7b6c4}.arrow{stroke:#74879a}.head{fill:#74879a}
.arrow.bad{stroke:#ff7b72}.head.bad{fill:#ff7b72}.small.bad{fill:#ff7b72}}
"""


def picture_as_svg(picture: Picture) -> str:
    """Return the whole picture as one SVG document."""
    legend = _legend(picture)
    longest = max([len(picture.title) * _TITLE_CHARACTER, *(len(line) * _SMALL_CHARACTER for line in legend)])
    layout = laid_out(picture, _HEADER, longest + 2 * MARGIN)
    body = [f'<text class="title" x="{MARGIN}" y="36">{escape(picture.title)}</text>']
    body += [
        f'<rect class="band" x="12" y="{top - 14:.1f}" width="{layout.width - 24:.1f}" '
        f'height="{bottom - top + 28:.1f}" rx="12"/>'
        for top, bottom in layout.bands
    ]
    # Long arrows first, so that short ones lie on top of them; forbidden ones above all.
    for one in sorted(picture.arrows, key=lambda one: (bool(one.objection), -_length(one, layout))):
        body.append(_arrow(one, layout))
    body += [_box(layout.boxes[one.name]) for one in picture.parts]
    body += [
        f'<text class="small" x="{MARGIN}" y="{layout.height + 8 + 17 * index:.0f}">{escape(line)}</text>'
        for index, line in enumerate(legend)
    ]
    return _document(picture.title, body, layout.width, layout.height + 17 * len(legend) + 12)


def chain_as_svg(start: str, end: str, steps: Sequence[Step]) -> str:
    """Return a call chain as a column of boxes, the caller on top."""
    title = f"{start} reaches {end}" if steps else f"no call chain from {start} to {end} was found"
    body = [f'<text class="title" x="{MARGIN}" y="36">{escape(title)}</text>']
    for index, one in enumerate(steps):
        top = _HEADER + index * _STEP
        middle = MARGIN + _STEP_WIDTH / 2
        if index:
            body.append(f'<path class="arrow" d="M{middle} {top - _STEP + 48} V{top - 8}" stroke-width="2"/>')
            body.append(_head(middle, top, 1, ""))
        body.append(
            f'<g><rect class="box" x="{MARGIN}" y="{top}" width="{_STEP_WIDTH}" height="48" rx="9"/>'
            f'<text class="name" x="{middle}" y="{top + 21}" text-anchor="middle">{escape(one.symbol)}</text>'
            f'<text class="small" x="{middle}" y="{top + 38}" text-anchor="middle">'
            f"{escape(f'{one.path}:{one.line}')}</text></g>"
        )
    height = _HEADER + max(len(steps), 1) * _STEP
    return _document(title, body, _STEP_WIDTH + 2 * MARGIN, height)


def _document(title: str, body: Sequence[str], width: float, height: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title, {chr(34): "&quot;"})}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n"
        f'<rect class="ground" width="{width:.0f}" height="{height:.0f}"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def _length(one: Arrow, layout: Layout) -> float:
    return abs(layout.boxes[one.importer].top - layout.boxes[one.imported].top)


def _box(box: Box) -> str:
    part = box.part
    files = "1 module" if part.modules == 1 else f"{part.modules} modules"
    about = f"{part.name}: {files}, {part.calls} calls, {part.unresolved_share:.0%} of them unresolved"
    return (
        f'<g><title>{escape(about)}</title><rect class="box" x="{box.left:.1f}" y="{box.top:.1f}" '
        f'width="{box.width:.1f}" height="{BOX_HEIGHT}" rx="9"/>'
        f'<text class="name" x="{box.middle:.1f}" y="{box.top + 20:.1f}" text-anchor="middle">'
        f"{escape(box.label)}</text>"
        f'<text class="small" x="{box.middle:.1f}" y="{box.top + 35:.1f}" text-anchor="middle">{files}</text></g>'
    )


def _arrow(one: Arrow, layout: Layout) -> str:
    look = " bad" if one.objection else ""
    width = min(4.0, 1.0 + one.count**0.5 / 3)
    line, tip_x, tip_y, down = _curve(
        layout.boxes[one.importer], layout.boxes[one.imported], layout.lanes[one.importer, one.imported]
    )
    times = "once" if one.count == 1 else f"{one.count} times"
    about = f"{one.importer} imports {one.imported} {times}" + (f": {one.objection}" if one.objection else "")
    return (
        f'<g><title>{escape(about)}</title><path class="arrow{look}" d="{line}" stroke-width="{width:.2f}"/>'
        f"{_head(tip_x, tip_y, down, look)}</g>"
    )


def _curve(
    start: Box, end: Box, lanes: Sequence[tuple[float, float, float]]
) -> tuple[str, float, float, int]:
    """Return the path, its tip, and whether the tip points down (1) or up (-1)."""
    if start.top == end.top:
        lift = start.top - 26
        over = (
            f"M{start.middle:.1f} {start.top:.1f} C{start.middle:.1f} {lift:.1f} {end.middle:.1f} {lift:.1f}"
        )
        return f"{over} {end.middle:.1f} {end.top - 8:.1f}", end.middle, end.top, 1
    down = 1 if end.top > start.top else -1
    stops = [one[0] for one in lanes]
    # Leave and meet the boxes a little towards the next stop, so that arrows of one box fan out.
    from_x = start.middle + _leaning([*stops, end.middle][0] - start.middle, start.width)
    to_x = end.middle + _leaning([start.middle, *stops][-1] - end.middle, end.width)
    x, y = from_x, start.top + (BOX_HEIGHT if down > 0 else 0)
    path = f"M{x:.1f} {y:.1f}"
    for lane, top, bottom in lanes:
        near, far = (top, bottom) if down > 0 else (bottom, top)
        path += f" {_bend(x, y, lane, near)} V{far:.1f}"
        x, y = lane, far
    to_y = end.top + (0 if down > 0 else BOX_HEIGHT)
    return f"{path} {_bend(x, y, to_x, to_y - 8 * down)}", to_x, to_y, down


def _bend(x: float, y: float, to_x: float, to_y: float) -> str:
    half = (y + to_y) / 2
    return f"C{x:.1f} {half:.1f} {to_x:.1f} {half:.1f} {to_x:.1f} {to_y:.1f}"


def _leaning(way: float, width: float) -> float:
    return max(-1.0, min(1.0, way / 400)) * width * 0.35


def _head(x: float, y: float, down: int, look: str) -> str:
    base = y - 8 * down
    return f'<path class="head{look}" d="M{x:.1f} {y:.1f} L{x - 4.5:.1f} {base:.1f} L{x + 4.5:.1f} {base:.1f} Z"/>'


def _legend(picture: Picture) -> list[str]:
    rows = "Rows are the layers that policy declares." if picture.layered else "Rows follow from the imports."
    lines = [rows, "An arrow runs from importer to imported, wider for more imports."]
    return [*lines, f"Dashed red: {len(picture.against)} against the layers."] if picture.against else lines
