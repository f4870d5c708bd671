"""What a local rule looks at and what it hands back: the seam between the one pass and its rules.

While a file is walked once for its facts, nodes of the kinds that rules asked for are noted; when
all names of the file are known each note is shown to its rules. What they mark is kept by blob id
beside the facts, so a rule costs nothing on a file that it has seen.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from guardrails.analysis.code.facts import BROKEN, Mark
from guardrails.analysis.code.hooks import Looks
from guardrails.analysis.code.reading.names import Names
from guardrails.analysis.code.reading.paths import Paths
from guardrails.analysis.code.reading.scopes import FUNCTIONS, RawScope

if TYPE_CHECKING:
    from guardrails.analysis.code.hooks import Look
    from guardrails.analysis.code.reading.gather import Gatherer
    from guardrails.analysis.code.reading.resolve import Resolved

T = TypeVar("T")
_GIVING = re.compile(r"\.(?:get|setdefault|__getitem__)\(")  # calls for an item, which is another name of it
_LONGEST = 400
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_DEFINING = frozenset(_DEFINITIONS)
# Fields that hold texts or numbers, and the classes whose other fields do.
_TEXTS = frozenset(
    {"ctx", "id", "attr", "arg", "name", "asname", "module", "level", "rest", "kwd_attrs", "conversion"}
    | {"simple", "is_async", "type_comment", "type_ignores", "kind"}
)
_LEAVES = frozenset({ast.Constant, ast.Global, ast.Nonlocal, ast.MatchSingleton})
_HOLDING_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}


# A block or definition that holds a node, and what holds that in turn.
Around = tuple[ast.AST, Any]
# A node that some rule asked for, and how it stood when the walk met it: scope, flags, names that a
# comprehension around it hides, and what holds it. Plain tuples, for a file has hundreds.
Note = tuple[ast.AST, int, int, tuple[str, ...], "Around | None"]


_CONSTANTS = frozenset({"", "None", "True", "False"})


class Here:
    """Where a noted node stands, and what names mean there.

    `rule` is the id of the rule that is shown the node, `scope` an index into `Facts.scopes`, and
    `flags` are bits of `Flag` (LOOPED, GUARDED, AWAITED ...). `hidden` are the names of comprehensions
    around it, `outer` is what `around` tells of. One object goes from note to note of a file.
    """

    def __init__(self, known: "Known") -> None:
        self.scope = 0
        self.flags = 0
        self.rule = ""
        self.hidden: tuple[str, ...] = ()
        self.outer: Around | None = None
        self._scopes = known.scopes
        self._known = known

    def meanings(self, node: ast.AST | None) -> tuple[str, ...]:
        """Return the resolved names that an expression may stand for; `?path` where the file does not
        tell, nothing for an expression that is no name, attribute, subscript or call."""
        key = (id(node), self.scope, self.hidden)
        held = self._known.meanings.get(key)
        if held is None:
            # The node is held with its meanings, so that no other node gets its id.
            held = self._known.meanings[key] = (node, self._meanings(node))
        return held[1]

    def _meanings(self, node: ast.AST | None) -> tuple[str, ...]:
        if node is None:
            return ()
        known = self._known
        known.paths.hidden = self.hidden
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

    def may_be_bound(self, name: str) -> bool:
        """Whether the function's own code may bind a name: not to a variable from outside of it, nor to a
        parameter that has no default and is never bound anew."""
        scope = self._scopes[self.scope]
        if scope.kind not in FUNCTIONS or name in scope.globals or name in scope.outer:
            return True
        paths = scope.names.get(name, ())
        return len(paths) > 1 or (bool(paths) and not any(name == one for one, *_ in scope.parameters))

    def may_be_alias(self, name: str) -> bool:
        """Whether the function may bind a name to what another name, a field or an item holds, or has a
        default for it: not to what it makes there, or calls for."""
        scope = self._scopes[self.scope]
        if scope.kind not in FUNCTIONS or not self.may_be_bound(name):
            return scope.kind not in FUNCTIONS
        paths = scope.names.get(name)
        default = next((text for one, _, text in scope.parameters if one == name), "")
        if paths is None or default not in _CONSTANTS:
            return True
        return any(one and one[0] != "=" and (one[-1] != ")" or _GIVING.search(one)) for one in paths)

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
        held = self.outer
        while held is not None:
            node, held = held
            yield node

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
    pending = children_of(node)
    while pending:
        one = pending.pop()
        yield one
        if one.__class__ not in _DEFINING:
            pending += children_of(one)


def children_of(node: ast.AST) -> list[ast.AST]:
    """Return the nodes right below, the last first; `ast.iter_child_nodes` takes three times as long."""
    kind = node.__class__
    fields = _HOLDING_FIELDS.get(kind)
    if fields is None:
        is_alias = kind.__name__ == "TypeAlias"  # the one whose name is an expression
        fields = tuple(
            one for one in reversed(kind._fields) if one not in _TEXTS or (is_alias and one == "name")
        )
        fields = _HOLDING_FIELDS[kind] = () if kind in _LEAVES else fields
    found: list[ast.AST] = []
    for name in fields:
        value = getattr(node, name, None)
        if value.__class__ is list:
            found += [one for one in reversed(value) if one is not None]
        elif value is not None:
            found.append(value)
    return found


class Known:
    """What is known of a file after its walk, and what its rules have asked for already."""

    def __init__(self, scopes: Sequence[RawScope], paths: Paths, names: Names) -> None:
        self.scopes = scopes
        self.paths = paths
        self.names = names
        self.made: dict[tuple[int, object], tuple[ast.AST, Any]] = {}
        self.meanings: dict[tuple[int, int, tuple[str, ...]], tuple[ast.AST | None, tuple[str, ...]]] = {}


def marks_of(raw: "Gatherer", looks: Looks, resolved: "Resolved") -> tuple[Mark, ...]:
    """Show every note to the rules that asked for it, and return what they mark, in order of lines."""
    here = Here(Known(raw.scopes, raw, resolved.names))
    found: list[tuple[Mark, tuple[int, ...]]] = []
    plain = looks.plain
    for note in raw.notes:
        _look(note, plain[note[0].__class__.__name__], here, found)
    if raw.noted_calls:
        _look_by_calls(raw, looks, resolved.called, here, found)
    found.sort(key=lambda one: (one[0].line, one[0].rule, one[0].scope, one[1]))
    return tuple(dict.fromkeys(mark for mark, _ in found))


def _look(
    note: Note,
    lookers: Iterable[tuple[str, "Look"]],
    here: Here,
    found: list[tuple[Mark, tuple[int, ...]]],
) -> None:
    node, here.scope, here.flags, here.hidden, here.outer = note
    for rule, look in lookers:
        here.rule = rule
        try:
            marks = list(look(node, here))
        except Exception as error:  # noqa: BLE001 - what one rule cannot judge others can; it ends as `undecided`
            broken = f"{type(error).__name__}: {error}"
            marks = [here.mark(node, broken, rule)._replace(rule=BROKEN)]
        if marks:
            found += [(one, _place_of(node)) for one in marks]


def _place_of(node: ast.AST) -> tuple[int, ...]:
    """Return what sorts nodes as the source has them, the outer one first; a module comes last."""
    if isinstance(node, ast.Module):
        return (sys.maxsize,)
    ends = getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0)
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0), -ends[0], -ends[1]


def _look_by_calls(
    raw: "Gatherer",
    looks: Looks,
    called: Sequence[Iterable[str]],
    here: Here,
    found: list[tuple[Mark, tuple[int, ...]]],
) -> None:
    """Show calls, statements and decorated functions to those who asked for them by the call's name."""
    every, wanted = looks.plain.get("Call", ()), looks.named.get("Call", {})
    for (node, hidden, around), names, call in zip(raw.noted_calls, called, raw.calls, strict=True):
        if not every and _is_of_nobody(wanted, node.func, names):
            continue
        lookers = [*every, *_lookers(wanted, node, names)]
        if lookers:
            _look((node, call[1], call[3], hidden, around), lookers, here, found)
    for index, note in raw.named_notes:
        wanted = looks.named.get(note[0].__class__.__name__, {})
        _look(note, _lookers(wanted, raw.noted_calls[index][0], called[index]), here, found)


def _is_of_nobody(wanted: Mapping[str, object], function: ast.expr, names: Iterable[str]) -> bool:
    """Whether nobody asked for a call of the two commonest kinds: quicker than to list those who did."""
    if function.__class__ is ast.Attribute:
        if function.attr in wanted:
            return False
    elif function.__class__ is not ast.Name:
        return False
    for one in names:
        if one.rpartition(".")[2] in wanted or (one[:1] == "?" and function.__class__ is ast.Name):
            return False
    return True


def _lookers(
    wanted: Mapping[str, Sequence[tuple[str, "Look"]]], node: ast.Call, names: Iterable[str]
) -> Iterable[tuple[str, "Look"]]:
    """Return who asked for a call by one of the names it goes by, resolved or as written.

    A plain name that the file does not explain goes by `?` besides.
    """
    function = node.func
    found: list[tuple[str, Look]] = []
    for one in names:
        found += wanted.get(one.rpartition(".")[2], ())
    if isinstance(function, ast.Attribute):
        found += wanted.get(function.attr, ())
    elif isinstance(function, ast.Name):
        found += wanted.get("?", ()) if any(one[:1] == "?" for one in names) else ()
    elif isinstance(function, ast.Call) and len(function.args) > 1:
        named = function.args[1]
        found += wanted.get(str(named.value), ()) if isinstance(named, ast.Constant) else ()
    return dict.fromkeys(found) if len(found) > 1 else found
