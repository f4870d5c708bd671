"""Numbers, strings and sizes at and around every bound that a schema names."""

from collections.abc import Iterator, Sequence

from guardrails.analysis.openapi.schemas.automata import common
from guardrails.analysis.openapi.schemas.patterns import Irregular, samples
from guardrails.analysis.openapi.schemas.shapes import Shape, trivial
from guardrails.analysis.openapi.values import Json

LONGEST_ARRAY = 60
_LONGEST_TEXT = 140_000
_LONGEST_FOUND = 60
_MOST_ITEMS = 1500
PLAIN: dict[str, tuple[Json, ...]] = {
    "null": (None,),
    "boolean": (True, False),
    "integer": (1, 0, -1),
    "number": (1, 0, 0.5, -1.5),
    "string": ("a", "", "0"),
}


def cycled(values: list[Json], size: int) -> list[Json]:
    """Return that many values, the given ones over and over; none where none is given."""
    return [values[index % len(values)] for index in range(max(size, 0))] if values else []


def counted(values: list[Json], size: int) -> list[Json]:
    """Return that many values, made to differ by counting where there are too few."""
    found = values[: max(size, 0)]
    counters: list[Json] = (
        [f"a{index}" for index in range(size)] if isinstance(values[0], str) else list(range(size))
    )
    return [*found, *counters[len(found) : size]] if isinstance(values[0], str | int) else found


def sizes_near(edge: Shape, least: str, most: str, top: int = _MOST_ITEMS) -> list[int]:
    """Return the sizes at and beside the bounds of two `min...` and `max...` keywords, and a few small ones."""
    named = [int(one) for name in (least, most) for one in edge.numbers(name) if one <= top]
    return sorted({size for one in named for size in (one - 1, one, one + 1) if size >= 0} | {1, 2, 3})


def numbers_near(kind: str, edge: Shape) -> Iterator[Json]:
    """Yield numbers at and around every bound and multiple that the shape names."""
    yield from PLAIN[kind]
    bounds = {
        one
        for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
        for one in edge.numbers(name)
    }
    for one in sorted(bounds):
        yield from (one, one - 1, one + 1)
        if kind == "number":
            yield from (one - 0.5, one + 0.5)
    for multiple in edge.numbers("multipleOf"):
        yield from (multiple, multiple * 2, multiple * 3, -multiple, multiple * 10)
        yield from (multiple + 1, multiple / 2) if kind == "number" else (multiple + 1,)
        yield from (multiple * (one // multiple + step) for one in bounds for step in (0, 1))
    yield from (2, 3, 5, 10, 100, 2**31, 2**53 + 1)
    if kind == "number":
        yield from (0.25, 1e-9, 1e39)


def strings_near(shape: Shape, edge: Shape) -> Iterator[Json]:
    """Yield strings at every length and pattern that either shape names, and such as tell patterns apart."""
    own = sorted(shape.patterns())
    least, most = int(shape.least("minLength")), shape.most("maxLength")
    for pattern in own:
        yield from samples(pattern)
    if own:
        yield from _found(own, (), least, most)
    for other in sorted(edge.patterns() - shape.patterns()):
        yield from _found(own, (other,), least, most)
    yield from PLAIN["string"]
    for pattern in sorted(edge.patterns()):
        yield from samples(pattern, 4)
    for size in sizes_near(edge, "minLength", "maxLength", _LONGEST_FOUND) if own else ():
        yield from _found(own, (), size, size)
    for size in sizes_near(edge, "minLength", "maxLength", _LONGEST_TEXT):
        yield "a" * size
    for pattern in own:
        for size in sizes_near(edge, "minLength", "maxLength", _LONGEST_TEXT):
            yield from (
                text + text[-1:] * (size - len(text)) for text in samples(pattern, 4) if len(text) < size
            )
    yield from ("true", "null", "1", "a b", "é", "2026-11-23", "aaaaaaaaaaaa")


def _found(wanted: Sequence[str], unwanted: Sequence[str], least: int, most: float) -> list[Json]:
    if any(trivial(one) for one in unwanted):
        return []
    try:
        found = common(wanted, unwanted)
        if found is not None and not least <= len(found) <= most:
            found = common(wanted, unwanted, least, most)
    except Irregular:
        return []
    return [] if found is None else [found]
