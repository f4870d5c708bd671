"""Local rules as the reading of files knows them: handed down by a gate, loaded only when a file is new."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from guardrails.model.frozen import frozen

if TYPE_CHECKING:
    import ast

    from guardrails.analysis.code.facts import Mark
    from guardrails.analysis.code.marks import Here

    Look = Callable[[ast.AST, Here], Iterator[Mark]]


class Looks:
    """Who looks at which nodes: the rules' ids and functions, by what they asked for.

    A rule under the name of an `ast` class is shown all such nodes. One under `Call.gather` is shown calls
    whose resolved or written name ends in `gather`, under `Expr.gather` statements that are such a
    call, under `FunctionDef.gather` functions that such a call decorates.
    """

    def __init__(self, by_kind: "Mapping[str, Sequence[tuple[str, Look]]]") -> None:
        self.plain = {kind: held for kind, held in by_kind.items() if "." not in kind}
        self.named: dict[str, dict[str, Sequence[tuple[str, Look]]]] = {}
        for asked, held in by_kind.items():
            kind, dot, name = asked.partition(".")
            if dot:
                self.named.setdefault(kind, {})[name] = held
        self.noted = frozenset({*self.plain, *(f"{kind}." for kind in self.named)})


@frozen
class Hooks:
    """The local rules. `load` returns them; it is called only for files that are not known. `digest` stands
    for all code that they run."""

    digest: str
    load: "Callable[[], Looks]"


NOBODY = Looks({})
NO_HOOKS = Hooks("", lambda: NOBODY)
