"""Local rules as the reading of files knows them: handed down by a gate, loaded only when a file is new."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from guardrails.model.frozen import frozen

if TYPE_CHECKING:
    import ast

    from guardrails.analysis.code.facts import Mark
    from guardrails.analysis.code.marks import Here

    Look = Callable[[ast.AST, Here], Iterator[Mark]]


@frozen
class Hooks:
    """Who looks at which nodes.

    `load` returns, by the name of an `ast` class, the rules' ids and functions; a rule under `Call.gather`
    is shown calls whose resolved or written name ends in `gather`. It is called only for files that
    are not known. `digest` stands for all code that the functions run.
    """

    digest: str
    load: "Callable[[], Mapping[str, tuple[tuple[str, Look], ...]]]"


NO_HOOKS = Hooks("", dict)
