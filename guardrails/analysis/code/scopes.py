"""A scope while its file is being read: what `gather` writes down and `names` interprets."""

from collections.abc import Sequence

RawCall = tuple[Sequence[str], int, int, int, tuple[str, ...], tuple[tuple[str, str], ...]]


class RawScope:
    """One scope. `names` holds every path that a name is bound to in it, `attributes` those of a
    class's instances, each with the scope that its path is read in."""

    __slots__ = (
        "attributes",
        "bases",
        "decorators",
        "end",
        "globals",
        "kind",
        "line",
        "name",
        "names",
        "parameters",
        "parent",
        "returns",
    )

    def __init__(self, name: str, kind: str, parent: int, line: int, end: int) -> None:
        self.name = name
        self.kind = kind
        self.parent = parent
        self.line = line
        self.end = end
        self.names: dict[str, list[str]] = {}
        self.globals: set[str] = set()
        self.attributes: dict[str, list[tuple[int, str]]] = {}
        self.decorators: list[RawCall] = []
        self.parameters: list[tuple[str, str]] = []
        self.returns = ""
        self.bases: list[str] = []
