"""Finds the rules in their folder: a rule is one file, and no list names it.

A rule file holds `RULE`, and either `findings_in(module)` over facts, or `TRIGGER` (a compiled
pattern over the file's bytes) with `visitor(report)`, which returns a libcst visitor. A rule whose
fault may lie in another file than its cause also holds `spreads(module)`, which yields what users
of the module may stumble over, one text each.
"""

import importlib
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from guardrails.gates.architecture import rules
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.frozen import frozen
from guardrails.model.rule import Rule

if TYPE_CHECKING:
    import libcst as cst

    Report = Callable[[cst.CSTNode, str, str], None]
    Visiting = Callable[[Report], cst.CSTVisitor]

_RULE_FILE = re.compile(r"gr1\d\d_\w+\.py\Z")


@frozen
class Check:
    """A rule with the code that looks for it."""

    rule: Rule
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
    return tuple(one.rule for one in checks())


def _check(module: str) -> Check:
    found = vars(importlib.import_module(module))
    check = Check(
        found["RULE"],
        found.get("findings_in"),
        found.get("spreads"),
        found.get("TRIGGER"),
        found.get("visitor"),
    )
    if (check.findings_in is None) == (check.visitor is None) or (check.visitor and not check.trigger):
        raise ImportError(f"{module}: a rule has findings_in, or visitor with TRIGGER")
    return check
