"""What a local rule looks at and what it hands back: the seam between the one pass and its rules.

While a file is walked once for its facts, nodes of the kinds that rules asked for are noted; when
all names of the file are known each note is shown to its rules. What they mark is kept by blob id
beside the facts, so a rule costs nothing on a file that it has seen.
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from guardrails.analysis.code.facts import BROKEN, Mark
from guardrails.analysis.code.reading.names import Names
from guardrails.analysis.code.reading.paths import Paths
from guardrails.analysis.code.reading.scopes import RawScope
from guardrails.model.record import Record

if TYPE_CHECKING:
    from guardrails.analysis.code.hooks import Look

T = TypeVar("T")
_LONGEST = 400
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_DEFINING = frozenset(_DEFINITIONS)


class Around(Record):
    """A block or definition that holds a node, and what holds that in turn."""

    node: ast.AST
    outer: "Around | None"


class Note(Record):
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

    def __init__(self, note: Note, known: "Known") -> None:
        self.scope = note.scope
        self.flags = note.flags
        self.rule = ""
        self._note = note
        self._scopes = known.scopes
        self._known = known

    def meanings(self, node: ast.AST | None) -> tuple[str, ...]:
        """Return the resolved names that an expression may stand for; `?path` where the file does not
        tell, nothing for an expression that is no name, attribute, subscript or call."""
        key = (id(node), self.scope, self._note.hidden)
        held = self._known.meanings.get(key)
        if held is None:
            # The node is held with its meanings, so that no other node gets its id.
            held = self._known.meanings[key] = (node, self._meanings(node))
        return held[1]

    def _meanings(self, node: ast.AST | None) -> tuple[str, ...]:
        if node is None:
            return ()
        known = self._known
        known.paths.hidden = list(self._note.hidden)
        found: dict[str, None] = {}
        for path in known.paths.alternatives(node):
            if path:
                found.update(dict.fromkeys(known.names.meanings(self.scope, path) or (f"?{path}",)))
        return tuple([one.partition("~")[0] for one in found])

    def name(self, node: ast.AST | None) -> str:
        """Return the first of the expression's meanings; the empty text when there is none."""
        return next(iter(self.meanings(node)), "")

    def holder(self, name: str) -> int | None:
        """Return the index of the scope whose variable a name is here, 0 for the module's; None for builtins
        and unknown names."""
        return self._known.names.holder_of(self.scope, name)

    def once(self, node: ast.AST, make: Callable[[ast.AST], T]) -> T:
        """Return `make(node)`, made once for the file, such as an index of a function that many calls ask for."""
        key = (id(node), make)
        held = self._known.made.get(key)
        if held is None:
            held = self._known.made[key] = (node, make(node))
        made: T = held[1]
        return made

    @property
    def kind(self) -> str:
        """The kind of the scope: `module`, `class`, `function`, `async` or `lambda`."""
        return self._scopes[self.scope].kind

    @property
    def symbol(self) -> str:
        """The qualified name of the scope within the file; empty for the module."""
        return self._scopes[self.scope].name

    @property
    def function(self) -> int:
        """The index of the innermost function or lambda around the node; 0 for the module."""
        scope = self.scope
        while self._scopes[scope].kind == "class":
            scope = self._scopes[scope].parent
        return scope

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
    pending = _children(node)
    while pending:
        one = pending.pop()
        yield one
        if one.__class__ not in _DEFINING:
            pending += _children(one)


def _children(node: ast.AST) -> list[ast.AST]:
    """Return the nodes right below, the last first; `ast.iter_child_nodes` takes three times as long."""
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if value.__class__ is list:
            found += [one for one in value if isinstance(one, ast.AST)]
        elif isinstance(value, ast.AST) and name != "ctx":
            found.append(value)
    found.reverse()
    return found


class Known:
    """What is known of a file after its walk, and what its rules have asked for already."""

    def __init__(self, scopes: Sequence[RawScope], paths: Paths, names: Names) -> None:
        self.scopes = scopes
        self.paths = paths
        self.names = names
        self.made: dict[tuple[int, object], tuple[ast.AST, Any]] = {}
        self.meanings: dict[tuple[int, int, tuple[str, ...]], tuple[ast.AST | None, tuple[str, ...]]] = {}


def marks_of(
    notes: Sequence[Note],
    looks: Mapping[str, Sequence[tuple[str, "Look"]]],
    scopes: Sequence[RawScope],
    paths: Paths,
    names: Names,
) -> tuple[Mark, ...]:
    """Show every note to the rules that asked for its kind, and return what they mark, in order of lines."""
    known = Known(scopes, paths, names)
    found: list[Mark] = []
    for note in notes:
        here = Here(note, known)
        for rule, look in _lookers(note.node, here, looks):
            here.rule = rule
            try:
                found += list(look(note.node, here))
            except Exception as error:  # noqa: BLE001 - what one rule cannot judge others can; it ends as `undecided`
                broken = f"{type(error).__name__}: {error}"
                found.append(here.mark(note.node, broken, rule)._replace(rule=BROKEN))
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.line, one.rule, one.scope)))


def _lookers(
    node: ast.AST, here: Here, looks: Mapping[str, Sequence[tuple[str, "Look"]]]
) -> Sequence[tuple[str, "Look"]]:
    """Return who is shown the node: for a call, also who asked for calls by one of the names it goes by."""
    if not isinstance(node, ast.Call):
        return looks[node.__class__.__name__]
    called = {one.rpartition(".")[2] for one in here.meanings(node.func)}
    if isinstance(node.func, ast.Attribute):
        called.add(node.func.attr)
    named = [one for name in called for one in looks.get(f"Call.{name}", ())]
    return [*looks.get("Call", ()), *dict.fromkeys(named)]
