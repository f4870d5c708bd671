"""A scope while its file is being read: what `gather` writes down and `names` interprets."""

from collections.abc import Sequence
from dataclasses import dataclass, field

RawCall = tuple[Sequence[str], int, int, int, tuple[str, ...], tuple[tuple[str, str], ...]]


@dataclass(slots=True, eq=False)
class RawScope:
    """One scope. `names` holds every path that a name is bound to in it, `attributes` those of a
    class's instances, each with the scope that its path is read in."""

    name: str
    kind: str
    parent: int
    line: int
    end: int
    names: dict[str, list[str]] = field(default_factory=dict)
    globals: set[str] = field(default_factory=set)
    attributes: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    decorators: list[RawCall] = field(default_factory=list)
    parameters: list[tuple[str, str]] = field(default_factory=list)
    returns: str = ""
    bases: list[str] = field(default_factory=list)
