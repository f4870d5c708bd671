"""A scope while its file is being read: what `gather` writes down and `names` interprets."""

from collections.abc import Sequence

FUNCTIONS = frozenset({"function", "async", "lambda"})

# Paths of the function, scope, line, flags, arguments, keywords, block.
RawCall = tuple[Sequence[str], int, int, int, tuple[str, ...], tuple[tuple[str, str], ...], int]

# Paths of what is raised, arguments, keywords, scope, line, block.
RawRaise = tuple[Sequence[str], tuple[str, ...], tuple[tuple[str, str], ...], int, int, int]
# Paths of each class, scope, line, block, guarded block, how it ends, what it returns.
RawHandler = tuple[Sequence[Sequence[str]], int, int, int, int, str, str]


class RawScope:
    """One scope. `names` holds every path that a name is bound to in it, `attributes` those of a
    class's instances, each with the scope that its path is read in. `given` are the paths of what a
    function returns or yields."""

    __slots__ = (
        "attributes",
        "bases",
        "decorators",
        "end",
        "given",
        "globals",
        "kind",
        "line",
        "name",
        "names",
        "outer",
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
        self.outer: set[str] = set()
        self.attributes: dict[str, list[tuple[int, str]]] = {}
        self.decorators: list[RawCall] = []
        self.parameters: list[tuple[str, str, str]] = []
        self.returns = ""
        self.given: list[str] = []
        self.bases: list[str] = []
