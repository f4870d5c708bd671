"""Which function a call reaches, across the files of a tree, and what is reached from it.

What cannot be followed is not an edge: the graph says what may be reached, never what cannot be. On demand
it notes what an answer was read from, so that the answer can be kept until one of these changes.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from operator import itemgetter

from guardrails.analysis.code.facts import Call, Facts, Flag, Mark, Scope
from guardrails.analysis.code.imports import Modules
from guardrails.analysis.code.linking.extent import span, upward
from guardrails.analysis.code.linking.handing import called_parameters, given_for
from guardrails.analysis.code.linking.meanings import EVERYTHING, Atom, Meanings, first_of
from guardrails.analysis.code.tree import Code
from guardrails.model.frozen import frozen
from guardrails.model.record import Record

_NAME = re.compile(r":?[A-Za-z_.][\w.]*\Z")
_ENTERING = ("__enter__", "__exit__")
_CONSTRUCTING = ("__init__", "__new__", "__post_init__")
_CALLING = frozenset(
    {"builtins.map", "builtins.filter", "builtins.sorted", "builtins.min", "builtins.max", "functools.reduce"}
    | {"builtins.iter", "operator.call"}
)
_ASKING = {
    **dict.fromkeys(
        (
            f"builtins.{name}"
            for name in ("list", "tuple", "set", "sorted", "sum", "any", "all", "iter", "enumerate")
        ),
        "__iter__",
    ),
    "builtins.len": "__len__",
    "builtins.next": "__next__",
    "builtins.str": "__str__",
}
_CLOSING = {"contextlib.closing": "close", "contextlib.aclosing": "aclose"}

ANYTHING: Atom = ("", EVERYTHING)
"""Stands for the content of every file of the tree."""

Key = tuple[str, str, int]
"""A symbol as it is called in every run: its module, its name, and its place among those of that name."""


class Symbol(Record):
    """A function, class or lambda of the tree: its module and qualified name; `scope` is its index."""

    module: str
    name: str
    scope: int

    @property
    def text(self) -> str:
        """`module.name`."""
        return f"{self.module}.{self.name}" if self.name else self.module


class Reached(Record):
    """A call that is reached: the steps to it (caller, the call it makes), the last makes the call itself."""

    steps: tuple[tuple[Symbol, Call], ...]

    @property
    def call(self) -> Call:
        """The call at the end."""
        return self.steps[-1][1]


@frozen
class Search:
    """What a walk looks for: the calls that are `wanted`, without entering a function where it `stops`.

    Both depend on their arguments alone, so that what one walk learns under `name` serves the next.
    """

    name: str
    wanted: Callable[[Call, tuple[str, ...]], bool]
    stops: Callable[[Symbol, Call], bool]


Edge = tuple[Call, tuple[str, ...], tuple[Symbol, ...]]


class Trace:
    """What an answer was read from: names, whole modules, and functions with all that they reach."""

    def __init__(self) -> None:
        self.atoms: set[Atom] = set()
        self.starts: set[Symbol] = set()


class Graph:
    """Calls between the functions of one tree, linked when asked.

    `barren` are functions, by the name of a search, that are known to reach nothing that it wants.
    """

    def __init__(self, code: Code, barren: Mapping[str, frozenset[Key]] | None = None) -> None:
        self._code = code
        self._meanings = Meanings(code)
        self._edges: dict[Symbol, tuple[Edge, ...]] = {}
        self._calls: dict[str, dict[int, list[Call]]] = {}
        self._unsaid: dict[str, dict[int, list[Call]]] = {}
        self._called: dict[Symbol, frozenset[str]] = {}
        self._known_barren = barren or {}
        self.barren: dict[str, set[Symbol]] = {}
        self.read: dict[Symbol, Trace] = {}
        self._trace = Trace()

    @contextmanager
    def traced(self, trace: Trace) -> Iterator[None]:
        """Note in `trace` what is read meanwhile; whoever asks the graph's `code` reads every file."""
        outer, self._trace = self._trace, trace
        try:
            yield
        finally:
            self._trace = outer

    @property
    def code(self) -> Code:
        """The files of the tree."""
        self._trace.atoms.add(ANYTHING)
        return self._code

    @property
    def modules(self) -> Modules:
        """The modules of the tree, which follow from the paths of its files alone."""
        return self._code.modules

    def facts(self, module: str) -> Facts:
        """Return the facts of a module of the tree."""
        self._trace.atoms.add((module, EVERYTHING))
        return self._meanings.facts(module)

    def marks(self, path: str) -> tuple[Mark, ...]:
        """Return what local rules mark in a file of the tree."""
        self._trace.atoms.add((self.modules.name_of(path), EVERYTHING))
        return self._code.marks(path)

    def source(self, path: str) -> bytes:
        """Return the bytes of a file of the tree."""
        self._trace.atoms.add((self.modules.name_of(path), EVERYTHING))
        return self._code.tree.read(path) or b""

    def scope(self, symbol: Symbol) -> Scope:
        """Return the scope that a symbol names; its lines are for evidence alone."""
        self._note(symbol.module, symbol.name)
        return self._meanings.facts(symbol.module).scopes[symbol.scope]

    def attributes(self, module: str, owner: str) -> Mapping[str, tuple[str, ...]]:
        """Return what the attributes of a class of the tree may be; nothing for what is no class."""
        self._note(module, owner)
        return self._meanings.facts(module).attributes.get(owner, {})

    def writes_to_module(self, symbol: Symbol) -> bool:
        """Whether a function writes to what its module holds."""
        self._trace.starts.add(symbol)
        facts = self._meanings.facts(symbol.module)
        return any(facts.function_of(one.scope) == symbol.scope for one in facts.writes)

    def _note(self, module: str, name: str) -> None:
        self._trace.atoms.add((module, first_of(name)[0]))

    def meanings(self, module: str, name: str) -> tuple[str, ...]:
        """Return what a resolved name of `module`'s facts is in the whole tree.

        Own symbols of the tree come as `module:Qualified.name`, everything else as a dotted name.
        """
        known = self._meanings.of(module, name)
        self._trace.atoms |= known.read
        return known.texts

    def key(self, symbol: Symbol) -> Key:
        """Return the symbol's name in every run."""
        alike = self._meanings.named(symbol.module, symbol.name)
        return symbol.module, symbol.name, alike.index(symbol.scope) if symbol.scope in alike else 0

    def symbols(self, meaning: str) -> tuple[Symbol, ...]:
        """Return the functions that calling `meaning` runs: itself, or a class's constructors."""
        module, colon, name = meaning.partition(":")
        if not colon or module not in self.modules.by_name:
            return ()
        self._note(module, name)
        facts = self._meanings.facts(module)
        if name.endswith("()"):
            called = self.meanings(module, f":{name}.__call__")
            return tuple(symbol for one in called if one != meaning for symbol in self.symbols(one))
        found = []
        for scope in self._meanings.named(module, name):
            if facts.scopes[scope].kind == "class":
                for method in _CONSTRUCTING:
                    found += [
                        one for m in self.meanings(module, f":{name}().{method}") for one in self.symbols(m)
                    ]
            else:
                found.append(Symbol(module, name, scope))
                found += self._wrappers(module, facts.scopes[scope])
        return tuple(found)

    def _wrappers(self, module: str, decorated: Scope) -> Iterator[Symbol]:
        """Yield the functions that decorators of the tree put around a function: those nested in them."""
        for decorator in decorated.decorators:
            for meaning in self.meanings(module, decorator.name):
                holder, colon, name = meaning.partition(":")
                if colon and holder in self.modules.by_name:
                    self._note(holder, name)
                    scopes = self._meanings.facts(holder).scopes
                    inside = f"{name}."
                    for scope in range(*span(scopes, self._meanings.named(holder, name))):
                        if scopes[scope].name.startswith(inside) and scopes[scope].kind in {
                            "function",
                            "async",
                        }:
                            yield Symbol(holder, scopes[scope].name, scope)

    def unresolved(self, module: str) -> tuple[int, int]:
        """Return how many of a module's calls nobody can follow from their names, and how many calls it has."""
        calls = self.facts(module).calls
        return sum(not self.meanings(module, call.name) for call in calls), len(calls)

    def targets(self, symbol: Symbol) -> Iterator[Symbol]:
        """Yield the functions that a function whose edges are known calls."""
        for _, _, targets in self._edges.get(symbol, ()):
            yield from targets

    def edges(self, symbol: Symbol) -> tuple[Edge, ...]:
        """Return the calls that a run of `symbol` makes: each with its meanings and the functions it runs."""
        self._trace.starts.add(symbol)
        known = self._edges.get(symbol)
        if known is None:
            # As `traced` does, in a quarter of the time.
            outer, self._trace = self._trace, self._read_by(symbol)
            try:
                calls = self._calls_by_function(symbol.module).get(symbol.scope, ())
                unsaid = self._unsaid_by_function(symbol.module).get(symbol.scope, ())
                said = [(call, *self._followed(symbol.module, call)) for call in calls]
                run = ((call, *self._run_by(symbol.module, call)) for call in unsaid)
                given = (edge for call, _, to in said for edge in self._given_to(symbol.module, call, to))
                known = self._edges[symbol] = (*said, *filter(itemgetter(2), run), *given)
            finally:
                self._trace = outer
        return known

    def _read_by(self, symbol: Symbol) -> Trace:
        found = self.read.get(symbol)
        if found is None:
            found = self.read[symbol] = Trace()
        return found

    def _calls_by_function(self, module: str) -> dict[int, list[Call]]:
        known = self._calls.get(module)
        if known is None:
            known = self._calls[module] = {}
            facts = self._meanings.facts(module)
            for call in facts.calls:
                known.setdefault(facts.function_of(call.scope), []).append(call)
        return known

    def _unsaid_by_function(self, module: str) -> dict[int, list[Call]]:
        """Return the calls that no call says: those that the facts tell, and reads of what other files define."""
        known = self._unsaid.get(module)
        if known is None:
            known = self._unsaid[module] = {}
            facts = self._meanings.facts(module)
            for call in (*facts.unsaid, *facts.reads()):
                known.setdefault(facts.function_of(call.scope), []).append(call)
        return known

    def _run_by(self, module: str, call: Call) -> tuple[tuple[str, ...], tuple[Symbol, ...]]:
        """Return what an unsaid call means, and which functions of the tree it runs: of a read only properties."""
        meanings = self.meanings(module, call.name)
        found = [one for meaning in meanings for one in self.symbols(meaning)]
        if call.flags & Flag.READ:
            found = [one for one in found if self._meanings.facts(one.module).scopes[one.scope].is_property]
        return meanings, tuple(dict.fromkeys(found))

    def _followed(self, module: str, call: Call) -> tuple[tuple[str, ...], tuple[Symbol, ...]]:
        meanings = self.meanings(module, call.name)
        found = [one for meaning in meanings for one in self.symbols(meaning)]
        if call.flags & Flag.ENTERED:
            for method in _ENTERING:
                for meaning in self.meanings(module, f"{call.name}().{method}"):
                    found += self.symbols(meaning)
        if call.name in _CALLING:
            passed = (*call.arguments, *(value for _, value in call.keywords))
            for text in filter(_NAME.match, passed):
                found += [one for meaning in self.meanings(module, text) for one in self.symbols(meaning)]
            if any(text.startswith("lambda") for text in passed):
                found += self._lambdas_at(module, call)
        if call.name in _ASKING and call.arguments and _is_named(call.arguments[0]):
            for meaning in self.meanings(module, f"{call.arguments[0]}.{_ASKING[call.name]}"):
                found += self.symbols(meaning)
        elif call.name in _CLOSING and call.arguments:
            for meaning in self.meanings(module, f"{call.arguments[0]}.{_CLOSING[call.name]}"):
                found += self.symbols(meaning)
        if len(found) > 1:
            found = list(dict.fromkeys(found))
            if call.flags & Flag.AWAITED:
                # Of what a name may be, it is the one that can be awaited.
                found = [one for one in found if self._is_async(one)] or found
        return meanings, tuple(found)

    def _is_async(self, symbol: Symbol) -> bool:
        return self._meanings.facts(symbol.module).scopes[symbol.scope].kind == "async"

    def _given_to(self, module: str, call: Call, targets: Iterable[Symbol]) -> Iterator[Edge]:
        """Yield as calls what a call gives to functions of the tree that call it."""
        for target in targets if call.arguments or call.keywords else ():
            facts = self._meanings.facts(target.module)
            if not facts.scopes[target.scope].parameters:
                continue
            self._trace.starts.add(target)
            called = self._called.get(target)
            if called is None:
                calls = self._calls_by_function(target.module).get(target.scope, ())
                called = self._called[target] = called_parameters(facts, target.scope, calls)
            for text in given_for(call, facts, target.scope, called) if called else ():
                run = call._replace(name=text, arguments=(), keywords=())
                if text.startswith("lambda"):
                    yield run, (), tuple(self._lambdas_at(module, call))
                elif _NAME.match(text):
                    yield run, *self._run_by(module, run)

    def _lambdas_at(self, module: str, call: Call) -> Iterator[Symbol]:
        """Yield the lambdas that stand in the same scope from the call's line on; they are what it is given."""
        for index, scope in enumerate(self.facts(module).scopes):
            if scope.kind == "lambda" and scope.parent == call.scope and scope.line == call.line:
                yield Symbol(module, scope.name, index)

    def reached(self, start: Symbol, search: Search) -> Iterator[Reached]:
        """Yield every wanted call that a run of `start` reaches, by a shortest way each."""
        return self.reached_by_any(((start, ()),), search)

    def reached_by_any(
        self, starts: Iterable[tuple[Symbol, tuple[tuple[Symbol, Call], ...]]], search: Search
    ) -> Iterator[Reached]:
        """Yield every wanted call that a run of any of `starts` reaches, once, by a shortest way.

        Each start brings the steps that lead to it. Functions that turn out to reach nothing are not
        walked again, so a whole tree costs about one walk. Nothing is learnt from a walk that is left early.
        """
        barren = self.barren.setdefault(search.name, set())
        begun = list(starts)
        self._trace.starts.update(symbol for symbol, _ in begun)
        queue = [(symbol, steps) for symbol, steps in begun if not self._is_barren(symbol, search)]
        callers: dict[Symbol, list[Symbol]] = {symbol: [] for symbol, _ in queue}
        fruitful = []
        for symbol, steps in queue:
            for call, targets in self._ways_on(symbol, search):
                here = (*steps, (symbol, call))
                if targets is None:
                    fruitful.append(symbol)
                    yield Reached(here)
                    continue
                for target in targets:
                    if target not in callers:
                        callers[target] = []
                        queue.append((target, here))
                    callers[target].append(symbol)
        barren |= callers.keys() - upward(fruitful, callers)

    def _ways_on(self, symbol: Symbol, search: Search) -> list[tuple[Call, list[Symbol] | None]]:
        """Return the calls of a function with the functions to go on to; None with a call that is wanted."""
        # What is asked here belongs to the function: whoever finds it barren later asks nothing.
        outer, self._trace = self._trace, self._read_by(symbol)
        try:
            return [
                (
                    call,
                    None
                    if search.wanted(call, meanings)
                    else [
                        one
                        for one in targets
                        if not self._is_barren(one, search) and not search.stops(one, call)
                    ],
                )
                for call, meanings, targets in self.edges(symbol)
            ]
        finally:
            self._trace = outer

    def _is_barren(self, symbol: Symbol, search: Search) -> bool:
        known = self._known_barren.get(search.name)
        if symbol in self.barren[search.name]:
            return True
        return known is not None and self.key(symbol) in known


def _is_named(text: str) -> bool:
    """Whether an argument's text is a resolved name, rather than a constant or code."""
    return text != "..." and (text[:1] in ":._" or text[:1].isalpha())
