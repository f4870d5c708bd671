"""Which function a call reaches, across the files of a tree, and what is reached from it.

Names are followed through imports, re-exports, star imports, constructors, inherited methods,
return annotations and attributes. What cannot be followed is not an edge: the graph says what
may be reached, never what cannot be.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from guardrails.analysis.code.facts import Call, Facts, Flag, Scope
from guardrails.analysis.code.tree import Code
from guardrails.model.frozen import frozen
from guardrails.model.record import Record

_NAME = re.compile(r":?[A-Za-z_.][\w.]*\Z")
_DEEPEST_NAME = 40
_LONGEST_NAME = 12
_ENTERING = ("__enter__", "__exit__")
_CONSTRUCTING = ("__init__", "__new__", "__post_init__")
_CALLING = frozenset(
    {"builtins.map", "builtins.filter", "builtins.sorted", "builtins.min", "builtins.max", "functools.reduce"}
    | {"builtins.iter", "operator.call"}
)
_CLOSING = {"contextlib.closing": "close", "contextlib.aclosing": "aclose"}


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


class Graph:
    """Calls between the functions of one tree, linked when asked."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self._edges: dict[Symbol, tuple[tuple[Call, tuple[str, ...], tuple[Symbol, ...]], ...]] = {}
        self._meanings: dict[tuple[str, str], tuple[str, ...]] = {}
        self._scopes: dict[str, dict[str, list[int]]] = {}
        self._calls: dict[str, dict[int, list[Call]]] = {}
        self._barren: dict[str, set[Symbol]] = {}

    def facts(self, module: str) -> Facts:
        """Return the facts of a module of the tree."""
        return self.code.facts(self.code.modules.by_name[module])

    def scope(self, symbol: Symbol) -> Scope:
        """Return the scope that a symbol names."""
        return self.facts(symbol.module).scopes[symbol.scope]

    def meanings(self, module: str, name: str, depth: int = 0) -> tuple[str, ...]:
        """Return what a resolved name of `module`'s facts is in the whole tree.

        Own symbols of the tree come as `module:Qualified.name`, everything else as a dotted name.
        """
        key = (module, name)
        known = self._meanings.get(key)
        if known is None:
            self._meanings[key] = ()
            known = self._meanings[key] = tuple(dict.fromkeys(self._linked(module, name, depth)))
        return known

    def _linked(self, module: str, name: str, depth: int) -> Iterator[str]:
        if depth > _DEEPEST_NAME or name.count(".") > _LONGEST_NAME:
            return  # such as `self.unit = self.unit.next()`, which would go on for ever
        if name.startswith("?"):
            yield from self._from_stars(module, name[1:], depth)
        elif name.startswith(":"):
            yield from self._own(module, name[1:], depth)
        else:
            dotted = self.code.modules.absolute(module, name)
            for said in filter(None, (dotted, self.code.modules.also(module, dotted))):
                target, rest = self.code.modules.split(said)
                if not target:
                    yield said
                elif rest:
                    yield from self._own(target, rest, depth)

    def _from_stars(self, module: str, name: str, depth: int) -> Iterator[str]:
        for one in self.facts(module).imports:
            if one.name == "*":
                written = self.code.modules.absolute(module, one.module)
                target = self.code.modules.also(module, written) or written
                if target in self.code.modules.by_name:
                    yield from self.meanings(target, f":{name}", depth + 1)
                else:
                    yield f"{target}.{name}"

    def _own(self, module: str, name: str, depth: int) -> Iterator[str]:
        """Yield what `name` (`f`, `Class().method`, `client.get`) is, read in the namespace of `module`."""
        facts = self.facts(module)
        first, rest = _first(name)
        plain = first.removesuffix("()")
        scopes = self._named(module, plain)
        if scopes and facts.scopes[scopes[0]].kind != "class":
            yield from self._of_function(module, facts, scopes[0], first, rest, depth)
        elif scopes:
            yield from self._of_class(module, facts, name, depth)
        else:
            values = facts.exports.get(plain, ())
            called = "()" if first.endswith("()") else ""
            for value in values:
                if value != f":{plain}":
                    yield from self.meanings(module, _joined(f"{value}{called}", rest), depth + 1)
            if not values:
                yield from self._from_stars(module, name, depth + 1)

    def _of_function(
        self, module: str, facts: Facts, scope: int, first: str, rest: str, depth: int
    ) -> Iterator[str]:
        if not first.endswith("()"):
            yield f"{module}:{_joined(first, rest)}"
            return
        returned = facts.scopes[scope].returns
        if returned and returned != "..." and rest:
            yield from self.meanings(module, _joined(f"{returned}()", rest), depth + 1)

    def _of_class(self, module: str, facts: Facts, name: str, depth: int) -> Iterator[str]:
        holder, rest = self._longest_class(module, facts, name)
        bare = holder.removesuffix("()")
        if not rest:
            yield f"{module}:{bare}" + ("()" if holder.endswith("()") else "")
            return
        first, later = _first(rest)
        member = first.removesuffix("()")
        method = self._named(module, f"{bare}.{member}")
        itself = f":{bare}.{member}", f":{bare}().{member}"
        values = [
            one for one in facts.attributes.get(bare, {}).get(member, ()) if not _starts_with(one, itself)
        ]
        if method:
            yield from self._of_function(module, facts, method[0], f"{bare}.{first}", later, depth)
        elif values:
            called = "()" if first.endswith("()") else ""
            for value in values:
                yield from self.meanings(module, _joined(f"{value}{called}", later), depth + 1)
        else:
            for scope in self._named(module, bare):
                for base in facts.scopes[scope].bases:
                    yield from self.meanings(module, f"{base}().{rest}", depth + 1)

    def _named(self, module: str, name: str) -> list[int]:
        known = self._scopes.get(module)
        if known is None:
            known = self._scopes[module] = {}
            for index, scope in enumerate(self.facts(module).scopes):
                known.setdefault(scope.name, []).append(index)
        return known.get(name, []) if name else []

    def _longest_class(self, module: str, facts: Facts, name: str) -> tuple[str, str]:
        holder, rest = _first(name)
        while rest and not holder.endswith("()"):
            first, later = _first(rest)
            deeper = f"{holder}.{first}"
            scopes = self._named(module, deeper.removesuffix("()"))
            if not scopes or facts.scopes[scopes[0]].kind != "class":
                break
            holder, rest = deeper, later
        return holder, rest

    def symbols(self, meaning: str) -> tuple[Symbol, ...]:
        """Return the functions that calling `meaning` runs: itself, or a class's constructors."""
        module, colon, name = meaning.partition(":")
        if not colon or module not in self.code.modules.by_name:
            return ()
        facts = self.facts(module)
        found = []
        for scope in self._named(module, name):
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
                if colon and holder in self.code.modules.by_name:
                    scopes = self.facts(holder).scopes
                    inside = f"{name}."
                    for scope in range(*_span(scopes, self._named(holder, name))):
                        if scopes[scope].name.startswith(inside) and scopes[scope].kind in {
                            "function",
                            "async",
                        }:
                            yield Symbol(holder, scopes[scope].name, scope)

    def unresolved(self, module: str) -> tuple[int, int]:
        """Return how many of a module's calls nobody can follow from their names, and how many calls it has."""
        calls = self.facts(module).calls
        return sum(not self.meanings(module, call.name) for call in calls), len(calls)

    def edges(self, symbol: Symbol) -> tuple[tuple[Call, tuple[str, ...], tuple[Symbol, ...]], ...]:
        """Return the calls that a run of `symbol` makes: each with its meanings and the functions it runs."""
        known = self._edges.get(symbol)
        if known is None:
            calls = self._calls_by_function(symbol.module).get(symbol.scope, ())
            known = self._edges[symbol] = tuple(
                (call, *self._followed(symbol.module, call)) for call in calls
            )
        return known

    def _calls_by_function(self, module: str) -> dict[int, list[Call]]:
        known = self._calls.get(module)
        if known is None:
            known = self._calls[module] = {}
            facts = self.facts(module)
            for call in facts.calls:
                known.setdefault(facts.function_of(call.scope), []).append(call)
        return known

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
        elif call.name in _CLOSING and call.arguments:
            for meaning in self.meanings(module, f"{call.arguments[0]}.{_CLOSING[call.name]}"):
                found += self.symbols(meaning)
        return meanings, tuple(dict.fromkeys(found))

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
        barren = self._barren.setdefault(search.name, set())
        queue = [(symbol, steps) for symbol, steps in starts if symbol not in barren]
        callers: dict[Symbol, list[Symbol]] = {symbol: [] for symbol, _ in queue}
        fruitful = []
        for symbol, steps in queue:
            for call, meanings, targets in self.edges(symbol):
                here = (*steps, (symbol, call))
                if search.wanted(call, meanings):
                    fruitful.append(symbol)
                    yield Reached(here)
                    continue
                for target in targets:
                    if target not in barren and not search.stops(target, call):
                        if target not in callers:
                            callers[target] = []
                            queue.append((target, here))
                        callers[target].append(symbol)
        barren |= callers.keys() - _upward(fruitful, callers)


def _upward(symbols: Iterable[Symbol], callers: Mapping[Symbol, Sequence[Symbol]]) -> set[Symbol]:
    """Return the symbols and all that call them, directly or not."""
    found = set(symbols)
    queue = list(found)
    for symbol in queue:
        more = [one for one in callers[symbol] if one not in found]
        found.update(more)
        queue += more
    return found


def _span(scopes: Sequence[Scope], found: Sequence[int]) -> tuple[int, int]:
    """Return the first and the last index, exclusive, of scopes within the first one found."""
    if not found:
        return 0, 0
    first = found[0]
    prefix = f"{scopes[first].name}."
    last = first + 1
    while last < len(scopes) and scopes[last].name.startswith(prefix):
        last += 1
    return first + 1, last


def _starts_with(name: str, owners: tuple[str, ...]) -> bool:
    """Whether the name is one of the owners, or something of it."""
    return any(name == one or name.startswith((f"{one}.", f"{one}(")) for one in owners)


def _first(name: str) -> tuple[str, str]:
    head, _, rest = name.partition(".")
    return head, rest


def _joined(name: str, rest: str) -> str:
    return f"{name}.{rest}" if rest else name
