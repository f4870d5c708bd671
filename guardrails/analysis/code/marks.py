"""What a local rule looks at and what it hands back: the seam between the one pass and its rules.

While a file is walked once for its facts, nodes of the kinds that rules asked for are noted; when
all names of the file are known each note is shown to its rules. What they mark is kept by blob id
beside the facts, so a rule costs nothing on a file that it has seen.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from guardrails.analysis.code.facts import BROKEN, Mark
from guardrails.analysis.code.reading.names import Names
from guardrails.analysis.code.reading.paths import Paths
from guardrails.analysis.code.reading.scopes import RawScope

if TYPE_CHECKING:
    from guardrails.analysis.code.hooks import Look

_LONGEST = 400
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


class Around(NamedTuple):
    """A block or definition that holds a node, and what holds that in turn."""

    node: ast.AST
    outer: "Around | None"


class Note(NamedTuple):
    """A node that some rule asked for, and how it stood when the walk met it."""

    node: ast.AST
    scope: int
    flags: int
    hidden: tuple[str, ...]
    around: Around | None


class Here:
    """Where a noted node stands, and what names mean there.

    `rule` is the id of the rule that is shown the node, `scope` an index into `Facts.scopes`, and
    `flags` are bits of `Flag` (LOOPED, GUARDED, AWAITED ...).
    """

    def __init__(self, note: Note, rule: str, scopes: Sequence[RawScope], paths: Paths, names: Names) -> None:
        self.scope = note.scope
        self.flags = note.flags
        self._note = note
        self.rule = rule
        self._scopes = scopes
        self._paths = paths
        self._names = names

    def meanings(self, node: ast.AST | None) -> tuple[str, ...]:
        """Return the resolved names that an expression may stand for; `?path` where the file does not
        tell, nothing for an expression that is no name, attribute, subscript or call."""
        if node is None:
            return ()
        self._paths.hidden = list(self._note.hidden)
        found: dict[str, None] = {}
        for path in self._paths.alternatives(node):
            if path:
                found.update(dict.fromkeys(self._names.meanings(self.scope, path) or (f"?{path}",)))
        return tuple(one.partition("~")[0] for one in found)

    def name(self, node: ast.AST | None) -> str:
        """Return the first of the expression's meanings; the empty text when there is none."""
        return next(iter(self.meanings(node)), "")

    @property
    def kind(self) -> str:
        """The kind of the scope: `module`, `class`, `function`, `async` or `lambda`."""
        return self._scopes[self.scope].kind

    @property
    def symbol(self) -> str:
        """The qualified name of the scope within the file; empty for the module."""
        return self._scopes[self.scope].name

    @property
    def is_async(self) -> bool:
        """Whether the innermost function around the node is an async one."""
        scope = self._scopes[self.scope]
        while scope.kind in {"lambda", "class"} and scope.parent >= 0:
            scope = self._scopes[scope.parent]
        return scope.kind == "async"

    def around(self) -> Iterator[ast.AST]:
        """Yield what holds the node, innermost first: if, for, while, try, handler, with, match, function,
        class, lambda and comprehension nodes, across function borders up to the module."""
        held = self._note.around
        while held is not None:
            yield held.node
            held = held.outer

    def around_in_function(self) -> Iterator[ast.AST]:
        """Yield as `around` does, up to the innermost function, class or lambda and that as the last."""
        for one in self.around():
            yield one
            if isinstance(one, _DEFINITIONS):
                return

    def mark(
        self, node: ast.AST, message: str, subject: str = "", remedy: str = "", names: tuple[str, ...] = ()
    ) -> Mark:
        """Return a mark at `node`; without `subject` the node's own code is the snippet."""
        line = getattr(node, "lineno", 1)
        return Mark(self.rule, line, self.scope, message, subject or snippet(node), remedy, names)


def snippet(node: ast.AST) -> str:
    """Return the node's code on one line, without comments and with one way to space and quote."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= _LONGEST else text[:_LONGEST]


def body_of(node: ast.AST) -> Iterator[ast.AST]:
    """Yield every node below a function, class, block or expression, in the order of the source, without
    entering functions, classes and lambdas nested in it (which are yielded themselves)."""
    pending = list(reversed(list(ast.iter_child_nodes(node))))
    while pending:
        one = pending.pop()
        yield one
        if not isinstance(one, _DEFINITIONS):
            pending += reversed(list(ast.iter_child_nodes(one)))


def marks_of(
    notes: Sequence[Note],
    looks: Mapping[str, Sequence[tuple[str, "Look"]]],
    scopes: Sequence[RawScope],
    paths: Paths,
    names: Names,
) -> tuple[Mark, ...]:
    """Show every note to the rules that asked for its kind, and return what they mark, in order of lines."""
    found = [
        mark
        for note in notes
        for rule, look in looks[note.node.__class__.__name__]
        for mark in _looked(look, note, Here(note, rule, scopes, paths, names))
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.line, one.rule, one.scope)))


def _looked(look: "Look", note: Note, here: Here) -> list[Mark]:
    try:
        return list(look(note.node, here))
    except Exception as error:  # noqa: BLE001 - what one rule cannot judge the others can; it ends as `undecided`
        broken = f"{type(error).__name__}: {error}"
        return [here.mark(note.node, broken, here.rule)._replace(rule=BROKEN)]
