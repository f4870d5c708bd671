"""Finds the rules in their folder: a rule is one file, and no list names it.

A rule file holds `RULE` and one of three ways to look:

- **A local rule**, where one file's syntax tells: `NODES`, the names of the `ast` classes it wants to see,
  and `marks_in(node, here)`, which yields `here.mark(node, message, subject)` for each fault. It is shown every
  such node of a file during the one walk that gathers facts, never walks the file itself, and may ask
  `here.meanings(expression)` for resolved names, `here.is_async`, `here.around()` and `here.flags`; `body_of(node)`
  of `analysis.code.marks` yields what is inside a node, nested functions left out. Marks depend on the
  file's content alone and are kept by blob id. `CALLED`, where a rule has it, are the last names of the calls
  that it is shown: `{"gather"}` for `asyncio.gather(...)` under any alias; most rules need no other calls.
  With `Expr` they are those of statements that are a call, and `?` stands for plain names that the file does
  not explain. `DECORATED`, likewise, spares it functions and classes that no such call decorates.
  `WHERE`, `"pure"` or `"guarded"`, spares it every file that policy does not call so; `"configured"` those
  that may read the environment, all of them where policy names no settings.
  Where path, policy or other files matter too, the file also holds `findings_in(module)`, which starts from
  `module.marks(RULE.id)`.
- **A rule over facts**, where other files or the call graph tell: `findings_in(module)` alone.
- **A syntax rule**, where `ast` does not tell (comments, exact text): `TRIGGER`, a compiled pattern over
  the file's bytes, and `visitor(report)`, which returns a libcst visitor. Slow: only files that match pay.

`NODES` may name any statement, expression, `ExceptHandler`, pattern, or `Module` (once a file, last). Of
`a.b.c` only the whole `Attribute` is shown, and not where it is called: look at `Call` and its `func`. Names
that are assigned are shown with their `Assign`, not as `Name`.

A rule whose fault may lie in another file than its cause also holds `spreads(module)`, which yields what
users of the module may stumble over, one text each.

`NEEDS` and `WORDS` (see `traits`) say when the rule need not be asked; what all rule files say of themselves is
kept as a table in the cache, so that a hook imports only those that may find something.
"""

import importlib
import marshal
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guardrails import __version__
from guardrails.analysis.code import facts
from guardrails.analysis.code.hooks import Hooks, Looks
from guardrails.analysis.code.imports import Modules
from guardrails.analysis.code.selection import matches
from guardrails.gates.architecture import rules
from guardrails.gates.architecture.allowances import INVALID_ALLOWANCE, UNUSED_ALLOWANCE
from guardrails.gates.architecture.asking.broken import BROKEN_RULE
from guardrails.gates.architecture.asking.traits import IN_POLICY, MARKED, Traits
from guardrails.gates.architecture.module import Found, Module, is_guarded
from guardrails.gates.architecture.settings import Settings
from guardrails.model.digest import sha256
from guardrails.model.frozen import frozen
from guardrails.model.ports import Cache
from guardrails.model.rule import Rule

if TYPE_CHECKING:
    import ast

    import libcst as cst

    from guardrails.analysis.code.facts import Mark
    from guardrails.analysis.code.hooks import Look
    from guardrails.analysis.code.marks import Here

    Report = Callable[[cst.CSTNode, str, str], None]
    Visiting = Callable[[Report], cst.CSTVisitor]
    Texts = tuple[str, ...]
    # id, nodes, called, decorated, where, ways to look, needs, words, needs of `spreads`
    Row = tuple[str, Texts, Texts, Texts, str, Texts, Texts, Texts, Texts]

_DIGEST_LENGTH = 16
_RULE_FILE = re.compile(r"gr1\d\d_\w+\.py\Z")


# The rules' verdict on a file rests on the code of these folders and those in them; `analysis.code` walks.
_JUDGING = (Path(rules.__file__).parents[1], Path(facts.__file__).parent)


PURE, GUARDED, CONFIGURED = "pure", "guarded", "configured"
_DEFINITIONS = frozenset({"FunctionDef", "AsyncFunctionDef", "ClassDef"})
_OWN = (INVALID_ALLOWANCE, UNUSED_ALLOWANCE, BROKEN_RULE)
_by_places: dict[frozenset[str], tuple[tuple["Listed", ...], Looks]] = {}
_caches: list[Cache] = []


@frozen
class Check:
    """A rule with the code that looks for it."""

    rule: Rule
    nodes: tuple[str, ...]
    called: frozenset[str]
    decorated: frozenset[str]
    where: str
    marks_in: "Look | None"
    findings_in: Callable[[Module], Iterator[Found]] | None
    spreads: Callable[[Module], Iterator[str]] | None
    trigger: "re.Pattern[bytes] | None"
    visitor: "Visiting | None"
    needs: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    spreads_needs: tuple[str, ...] = ()


class Listed:
    """A rule by what its file says of itself; the file is imported when `check` is first asked for."""

    def __init__(self, module: str, row: "Row", check: Check | None = None) -> None:
        self.module = module
        self.row = row
        self.id, self.nodes, called, decorated, self.where, self._ways, *more = row
        self.called, self.decorated = frozenset(called), frozenset(decorated)
        self.needs, self.words, self._spreads_needs = map(tuple, more)
        self.marks = "marks_in" in self._ways  # whether it looks during the walk over a file
        self._needs_marks = MARKED in self.needs or self._ways == ("marks_in",)
        self._check = check

    @property
    def check(self) -> Check:
        """The rule with its code."""
        if self._check is None:
            self._check = _check(self.module)
        return self._check

    def may_find_in(self, traits: Traits) -> bool:
        """Whether the rule can find anything in the module, or broke on it."""
        if self.marks and self.id in traits.broke:
            return True
        if self._needs_marks and self.id not in traits.marked:
            return False
        return traits.hold(self.needs) and traits.say(self.words)

    def may_be_asked(self, settings: Settings) -> bool:
        """Whether the rule can find anything under such a policy, whatever a module holds."""
        return self.marks or all(IN_POLICY[one](settings) for one in self.needs if one in IN_POLICY)

    @property
    def spreads(self) -> bool:
        """Whether a change elsewhere may cause what it finds."""
        return "spreads" in self._ways

    def may_spread(self, traits: Traits) -> bool:
        """Whether users of the module may stumble over something by this rule."""
        return self.spreads and traits.hold(self._spreads_needs)

    @property
    def look(self) -> "Look":
        """What the walk calls for each node; directly the rule's own, where that is here already."""
        return (self._check and self._check.marks_in) or self._look

    def _look(self, node: "ast.AST", here: "Here") -> "Iterator[Mark]":
        marks_in = self.check.marks_in
        assert marks_in is not None
        return marks_in(node, here)


@cache
def checks() -> tuple[Check, ...]:
    """Return every rule of the folder, by id."""
    return tuple(map(_check, _modules()))


def _modules() -> list[str]:
    names = sorted(name for name in os.listdir(rules.__path__[0]) if _RULE_FILE.match(name))  # noqa: PTH208 - as the next
    return [f"{rules.__name__}.{name.removesuffix('.py')}" for name in names]


def learn(cache: Cache) -> None:
    """Let the table of the rules be kept in `cache`, which spares the next process the import of most of them."""
    _caches[:] = [cache]


@cache
def listing() -> tuple[Listed, ...]:
    """Return every rule of the folder, by id, without importing what the table of an earlier run tells."""
    modules = _modules()
    key = f"rules/1/{sys.hexversion:x}/{_digest(rules.__path__[0])}"
    for one in _caches:
        known = _listed_in(one.get(key), modules)
        if known is not None:
            return known
    listed = tuple(
        Listed(module, _row(check), check) for module, check in zip(modules, checks(), strict=True)
    )
    for one in _caches:
        one.put(key, marshal.dumps([each.row for each in listed]))
    return listed


def _listed_in(stored: bytes | None, modules: Sequence[str]) -> tuple[Listed, ...] | None:
    try:
        rows = marshal.loads(stored or b"")  # noqa: S302 - our own cache, checked by its digest
        return tuple(Listed(module, row) for module, row in zip(modules, rows, strict=True))
    except (ValueError, EOFError, TypeError):
        return None


def _row(check: Check) -> "Row":
    ways = ("marks_in", "findings_in", "spreads", "visitor")
    held = tuple(one for one in ways if getattr(check, one) is not None)
    named = tuple(sorted(check.called)), tuple(sorted(check.decorated))
    about = (check.rule.id, tuple(check.nodes), *named, check.where, held)
    return (*about, check.needs, check.words, check.spreads_needs)


def rules_of_the_gate() -> tuple[Rule, ...]:
    """Return every rule, by id."""
    every = (*(one.rule for one in checks()), *_OWN)
    return tuple(sorted(every, key=lambda rule: rule.id))


def number_of_rules() -> int:
    """Return how many rules the gate has, without importing them."""
    return len(listing()) + len(_OWN)


def hooks(places: frozenset[str] = frozenset({PURE, GUARDED, CONFIGURED})) -> Hooks:
    """Return the local rules for the walk over a file that stands in such places, by default in all."""
    return Hooks(f"{_digest(rules.__path__[0])}{'-'.join(sorted(places))}", partial(_looks, places))


def hooks_at(settings: Settings, modules: Modules, path: str) -> Hooks:
    """Return the local rules that judge the file at `path`."""
    places = {
        PURE: matches(path, settings.pure),
        GUARDED: is_guarded(settings, path, modules.names(modules.name_of(path))),
        CONFIGURED: bool(settings.configuration) and not matches(path, settings.configuration),
    }
    return hooks(frozenset(place for place, stands in places.items() if stands))


def _looks(places: frozenset[str]) -> Looks:
    known = _by_places.get(places)
    if known is None or known[0] is not listing():
        judging = (one for one in listing() if not one.where or one.where in places)
        known = _by_places[places] = (listing(), looks_of(judging))
    return known[1]


def looks_of(listed: Iterable[Listed]) -> Looks:
    """Return who looks at which nodes, for the walk over a file."""
    found: dict[str, list[tuple[str, Look]]] = {}
    for one in listed:
        for kind in _shown(one) if one.marks else ():
            found.setdefault(kind, []).append((one.id, one.look))
    return Looks(found)


def _shown(listed: Listed) -> Iterator[str]:
    for kind in listed.nodes:
        if kind in {"Call", "Expr"} and listed.called:
            yield from (f"{kind}.{name}" for name in sorted(listed.called))
        elif kind in _DEFINITIONS and listed.decorated:
            yield from (f"{kind}.{name}" for name in sorted(listed.decorated))
        else:
            yield kind


def listed_as(check: Check) -> Listed:
    """Return a rule that is loaded already as the table would list it."""
    return Listed("", _row(check), check)


@cache
def _digest(place: str) -> str:
    """Return a digest of the code that marks files: what Python itself goes by to keep its byte code."""
    total = sha256(__version__.encode())
    folders = [*map(str, _JUDGING), place]
    for folder in folders:
        with os.scandir(folder) as found:
            for one in sorted(found, key=lambda entry: entry.name):
                if one.name.endswith(".py"):
                    held = one.stat()
                    total.update(f"{one.name} {held.st_size} {held.st_mtime_ns}\0".encode())
                elif "." not in one.name and one.name != "__pycache__":
                    folders.append(one.path)
    return total.hexdigest()[:_DIGEST_LENGTH]


def _check(module: str) -> Check:
    return check_of(module, vars(importlib.import_module(module)))


def check_of(module: str, found: Mapping[str, Any]) -> Check:
    """Return the rule that a rule file's names make; raises ImportError when they make none.

    The values are whatever the file defines; only `Check` gives them types.
    """
    check = Check(
        found["RULE"],
        found.get("NODES", ()),
        frozenset(found.get("CALLED", ())),
        frozenset(found.get("DECORATED", ())),
        found.get("WHERE", ""),
        found.get("marks_in"),
        found.get("findings_in"),
        found.get("spreads"),
        found.get("TRIGGER"),
        found.get("visitor"),
        tuple(found.get("NEEDS", ())),
        tuple(found.get("WORDS", ())),
        tuple(found.get("SPREADS", ())),
    )
    ways = [check.findings_in or check.marks_in, check.visitor]
    if (
        ways.count(None) != 1
        or bool(check.nodes) != bool(check.marks_in)
        or bool(check.visitor) != bool(check.trigger)
    ):
        raise ImportError(
            f"{module}: a rule has NODES with marks_in, or findings_in, or TRIGGER with visitor"
        )
    return check
