"""What every drawing of an import graph is made from: parts in rows, and the imports between them."""

from guardrails.model.frozen import frozen


@frozen
class Part:
    """A module or a package with all below it. `unresolved` of its `calls` could not be followed."""

    name: str
    row: int
    modules: int
    calls: int
    unresolved: int

    @property
    def unresolved_share(self) -> float:
        """The share of calls that could not be followed, 0 to 1; 0 where nothing is called."""
        return self.unresolved / self.calls if self.calls else 0.0


@frozen
class Arrow:
    """`count` imports of `imported` by `importer`; `objection` is why the layers forbid one of them."""

    importer: str
    imported: str
    count: int
    objection: str = ""
    example: str = ""


@frozen
class Picture:
    """Parts of `package` (empty: the whole tree) by row and name, and the arrows between them, sorted.

    `layered` tells that policy drew the rows; else they follow from who imports whom, and the
    parts of a cycle share a row.
    """

    package: str
    parts: tuple[Part, ...]
    arrows: tuple[Arrow, ...]
    layered: bool

    @property
    def rows(self) -> tuple[tuple[Part, ...], ...]:
        """The parts of each row, highest first; rows without a part are left out."""
        numbers = sorted({one.row for one in self.parts})
        return tuple(tuple(one for one in self.parts if one.row == number) for number in numbers)

    @property
    def against(self) -> tuple[Arrow, ...]:
        """The arrows that the layers forbid."""
        return tuple(one for one in self.arrows if one.objection)

    @property
    def title(self) -> str:
        """One line that says what is shown."""
        rows = f", {len(self.against)} against the layers" if self.layered else ""
        name = self.package or "the tree"
        return f"{name}: {_counted(len(self.parts), 'part')}, {_counted(len(self.arrows), 'arrow')}{rows}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
