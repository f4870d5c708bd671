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
  `WHERE`, `"pure"` or `"guarded"`, spares it every file that policy does not call so.
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
"""

import hashlib
import importlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
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
from guardrails.gates.architecture.broken import BROKEN_RULE
from guardrails.gates.architecture.module import Found, Module, is_guarded
from guardrails.gates.architecture.settings import Settings
from guardrails.model.frozen import frozen
from guardrails.model.rule import Rule

if TYPE_CHECKING:
    import libcst as cst

    from guardrails.analysis.code.hooks import Look

    Report = Callable[[cst.CSTNode, str, str], None]
    Visiting = Callable[[Report], cst.CSTVisitor]

_DIGEST_LENGTH = 16
_RULE_FILE = re.compile(r"gr1\d\d_\w+\.py\Z")


# The rules' verdict on a file rests on the code of these folders and those in them; `analysis.code` walks.
_JUDGING = (Path(rules.__file__).parents[1], Path(facts.__file__).parent)


PURE, GUARDED = "pure", "guarded"
_DEFINITIONS = frozenset({"FunctionDef", "AsyncFunctionDef", "ClassDef"})
_by_places: dict[frozenset[str], tuple[tuple["Check", ...], Looks]] = {}


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


@cache
def checks() -> tuple[Check, ...]:
    """Return every rule of the folder, by id."""
    folder = Path(rules.__file__).parent
    names = sorted(one.name for one in folder.iterdir() if _RULE_FILE.match(one.name))
    return tuple(_check(f"{rules.__name__}.{name.removesuffix('.py')}") for name in names)


def rules_of_the_gate() -> tuple[Rule, ...]:
    """Return every rule, by id."""
    every = (*(one.rule for one in checks()), INVALID_ALLOWANCE, UNUSED_ALLOWANCE, BROKEN_RULE)
    return tuple(sorted(every, key=lambda rule: rule.id))


def hooks(places: frozenset[str] = frozenset({PURE, GUARDED})) -> Hooks:
    """Return the local rules for the walk over a file that stands in such places, by default in all."""
    return Hooks(f"{_digest(rules.__path__[0])}{'-'.join(sorted(places))}", partial(_looks, places))


def hooks_at(settings: Settings, modules: Modules, path: str) -> Hooks:
    """Return the local rules that judge the file at `path`."""
    pure = {PURE} if matches(path, settings.pure) else set()
    return hooks(
        frozenset(
            pure | ({GUARDED} if is_guarded(settings, path, modules.names(modules.name_of(path))) else set())
        )
    )


def _looks(places: frozenset[str]) -> Looks:
    known = _by_places.get(places)
    if known is None or known[0] is not checks():
        judging = (one for one in checks() if not one.where or one.where in places)
        known = _by_places[places] = (checks(), looks_of(judging))
    return known[1]


def looks_of(checks: Iterable[Check]) -> Looks:
    """Return who looks at which nodes, for the walk over a file."""
    found: dict[str, list[tuple[str, Look]]] = {}
    for check in checks:
        if check.marks_in is not None:
            for kind in _shown(check):
                found.setdefault(kind, []).append((check.rule.id, check.marks_in))
    return Looks(found)


def _shown(check: Check) -> Iterator[str]:
    for kind in check.nodes:
        if kind in {"Call", "Expr"} and check.called:
            yield from (f"{kind}.{name}" for name in sorted(check.called))
        elif kind in _DEFINITIONS and check.decorated:
            yield from (f"{kind}.{name}" for name in sorted(check.decorated))
        else:
            yield kind


@cache
def _digest(place: str) -> str:
    """Return a digest of the code that marks files: what Python itself goes by to keep its byte code."""
    total = hashlib.sha256(__version__.encode())
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
