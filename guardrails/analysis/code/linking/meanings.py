"""What a resolved name is in the whole tree, and what was read to tell.

Names are followed through imports, re-exports, star imports, constructors, inherited methods, return
annotations and attributes. The answer depends on the facts alone, never on what was asked before, so
that what is known of an unchanged part of a tree holds beside what is found anew in the rest.
"""

from collections.abc import Collection, Iterator
from functools import cached_property

from guardrails.analysis.code.facts import Facts
from guardrails.analysis.code.imports import Modules
from guardrails.analysis.code.tree import Code
from guardrails.model.record import Record

_DEEPEST_NAME = 40
_LONGEST_NAME = 12
# How names begin that are read in the module that says them: unexplained, own and relative ones.
_OF_MODULE = frozenset({"?", ":", ".", ""})

_TAKING = frozenset({"get()", "pop()", "setdefault()", "__getitem__()"})

STARS, EVERYTHING = "*", ":"
"""In place of a name: the star imports of a module, and all that is known of it."""

Atom = tuple[str, str]
"""A module and a name at its top level: the least that can change by itself."""


class Meaning(Record):
    """What a name is: dotted names, and `module:Qualified.name` for symbols of the tree; how many names deep
    the way to them is; and what was read to tell."""

    texts: tuple[str, ...]
    height: int
    read: frozenset[Atom]


class Meanings:
    """The meanings of names in one tree, found when asked."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._whole: dict[Atom, Meaning] = {}
        # Names whose way leads into a circle, or too deep: what they mean depends on where one begins.
        self._from_here: dict[Atom, Meaning] = {}
        self._scopes: dict[str, dict[str, list[int]]] = {}
        self._seen: dict[Atom, tuple[str, ...]] = {}
        self._is_cut = False
        self._height = 0
        self._read: set[Atom] = set()

    @cached_property
    def _modules(self) -> Modules:
        return self._code.modules

    def facts(self, module: str) -> Facts:
        """Return the facts of a module of the tree."""
        return self._code.facts(self._modules.by_name[module])

    def of(self, module: str, name: str) -> Meaning:
        """Return what a resolved name of `module`'s facts means."""
        key = self._key(module, name)
        known = self._whole.get(key) or self._from_here.get(key)
        if known is None:
            self._seen = {}
            self._is_cut, self._height, self._read = False, 0, set()
            self._inner(module, name, 0)
            known = self._whole.get(key) or self._from_here[key]
        return known

    def _key(self, module: str, name: str) -> Atom:
        """Return what the meaning is kept by: without the module where every module means the same by the name."""
        if name[:1] in _OF_MODULE or name.partition(".")[0] in self._at_home:
            return module, name
        return "", name

    @cached_property
    def _at_home(self) -> Collection[str]:
        return self._modules.at_home

    def _inner(self, module: str, name: str, depth: int) -> tuple[str, ...]:
        """Return the meaning within another's, and tell that one how deep it went and what it read."""
        key = self._key(module, name)
        if key in self._seen or depth > _DEEPEST_NAME:
            self._is_cut = True
            return self._seen.get(key, ())
        known = self._whole.get(key)
        if known is None or depth + known.height > _DEEPEST_NAME:
            known = self._found(key, depth)
        self._height = max(self._height, known.height + 1)
        self._read |= known.read
        return known.texts

    def _found(self, key: Atom, depth: int) -> Meaning:
        outer = self._is_cut, self._height, self._read
        self._is_cut, self._height, self._read = False, 0, set()
        self._seen[key] = ()
        texts = tuple(dict.fromkeys(self._linked(*key, depth)))
        found = Meaning(texts, self._height, frozenset(self._read))
        if not self._is_cut:
            self._whole[key] = found
            del self._seen[key]
        else:
            self._seen[key] = texts
            if depth == 0:
                self._from_here[key] = found
        was_cut, self._height, self._read = outer
        self._is_cut = self._is_cut or was_cut
        return found

    def _linked(self, module: str, name: str, depth: int) -> Iterator[str]:
        if name.count(".") > _LONGEST_NAME:
            return  # such as `self.unit = self.unit.next()`, which would go on for ever
        if name.startswith("?"):
            yield from self._from_stars(module, name[1:], depth)
        elif name.startswith(":"):
            yield from self._own(module, name[1:], depth)
        else:
            dotted = self._modules.absolute(module, name)
            for said in filter(None, (dotted, self._modules.also(module, dotted))):
                target, rest = self._modules.split(said)
                if not target:
                    yield said
                elif rest:
                    yield from self._own(target, rest, depth)

    def _from_stars(self, module: str, name: str, depth: int) -> Iterator[str]:
        self._read.add((module, STARS))
        for one in self.facts(module).imports:
            if one.name == "*":
                written = self._modules.absolute(module, one.module)
                target = self._modules.also(module, written) or written
                if target in self._modules.by_name:
                    yield from self._inner(target, f":{name}", depth + 1)
                else:
                    yield f"{target}.{name}"

    def _own(self, module: str, name: str, depth: int) -> Iterator[str]:
        """Yield what `name` (`f`, `Class().method`, `client.get`) is, read in the namespace of `module`."""
        facts = self.facts(module)
        first, rest = first_of(name)
        plain = first.removesuffix("()")
        self._read.add((module, plain))
        scopes = self.named(module, plain)
        if scopes and facts.scopes[scopes[0]].kind != "class":
            yield from self._of_function(module, facts, scopes[0], first, rest, depth)
        elif scopes:
            yield from self._of_class(module, facts, name, depth)
        else:
            taken, later = first_of(rest)
            held = facts.exports.get(f"{plain}[]", ()) if taken in _TAKING else ()
            for value in held:
                yield from self._inner(module, _joined(value, later), depth + 1)
            values = facts.exports.get(plain, ())
            called = "()" if first.endswith("()") else ""
            for value in values:
                if value != f":{plain}":
                    yield from self._inner(module, _joined(f"{value}{called}", rest), depth + 1)
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
            yield from self._inner(module, _joined(f"{returned}()", rest), depth + 1)
        if rest:
            for given in facts.gives.get(facts.scopes[scope].name, ()):
                yield from self._inner(module, _joined(given, rest), depth + 1)

    def _of_class(self, module: str, facts: Facts, name: str, depth: int) -> Iterator[str]:
        holder, rest = self._longest_class(module, facts, name)
        bare = holder.removesuffix("()")
        if not rest:
            yield f"{module}:{bare}" + ("()" if holder.endswith("()") else "")
            return
        first, later = first_of(rest)
        member = first.removesuffix("()")
        method = self.named(module, f"{bare}.{member}")
        itself = f":{bare}.{member}", f":{bare}().{member}"
        values = [
            one for one in facts.attributes.get(bare, {}).get(member, ()) if not _starts_with(one, itself)
        ]
        if method:
            is_read = later and first == member and facts.scopes[method[0]].is_property
            run = f"{bare}.{first}()" if is_read else f"{bare}.{first}"
            yield from self._of_function(module, facts, method[0], run, later, depth)
        elif values:
            called = "()" if first.endswith("()") else ""
            for value in values:
                yield from self._inner(module, _joined(f"{value}{called}", later), depth + 1)
        else:
            for scope in self.named(module, bare):
                for base in facts.scopes[scope].bases:
                    yield from self._inner(module, f"{base}().{rest}", depth + 1)

    def named(self, module: str, name: str) -> list[int]:
        """Return the scopes of a module that bear the qualified name, in the order of the source."""
        known = self._scopes.get(module)
        if known is None:
            known = self._scopes[module] = {}
            for index, scope in enumerate(self.facts(module).scopes):
                known.setdefault(scope.name, []).append(index)
        return known.get(name, []) if name else []

    def _longest_class(self, module: str, facts: Facts, name: str) -> tuple[str, str]:
        holder, rest = first_of(name)
        while rest and not holder.endswith("()"):
            first, later = first_of(rest)
            deeper = f"{holder}.{first}"
            scopes = self.named(module, deeper.removesuffix("()"))
            if not scopes or facts.scopes[scopes[0]].kind != "class":
                break
            holder, rest = deeper, later
        return holder, rest


def _starts_with(name: str, owners: tuple[str, ...]) -> bool:
    """Whether the name is one of the owners, or something of it."""
    return any(name == one or name.startswith((f"{one}.", f"{one}(")) for one in owners)


def first_of(name: str) -> tuple[str, str]:
    """Return the part of a dotted name before its first dot, and the rest."""
    head, _, rest = name.partition(".")
    return head, rest


def _joined(name: str, rest: str) -> str:
    return f"{name}.{rest}" if rest else name
