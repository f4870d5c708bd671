"""Mends the files of a work tree, or shows what that would change."""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from guardrails.adapters.cache import FileCache, user_folder
from guardrails.adapters.clock import SystemClock
from guardrails.adapters.git.inputs import WorkTree, open_change
from guardrails.adapters.policy.reader import read_policy
from guardrails.analysis.code.graph import Graph
from guardrails.analysis.code.imports import Modules
from guardrails.analysis.code.selection import is_python, matches
from guardrails.analysis.code.tree import Code
from guardrails.gates.architecture.allowances import UNUSED_ALLOWANCE, allowances_in
from guardrails.gates.architecture.catalog import hooks, learn
from guardrails.gates.architecture.fixing import Fix, fixes_by_rule
from guardrails.gates.architecture.judging import Side
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.settings import NAME, Settings
from guardrails.model.frozen import frozen
from guardrails.model.ports import Cache, Tree
from guardrails.tasks.fix.mending import Mended, mended
from guardrails.tasks.fix.overlay import EditedTree
from guardrails.wiring import catalog


@frozen
class FileFix:
    """One file of the work tree: where it is, what safe fixes make of it, and what the unsafe ones would."""

    place: Path
    name: str
    safe: Mended
    unsafe: Mended

    def left(self) -> Iterator[tuple[int, str, str]]:
        """Yield what no fix mends, not even an unsafe one: its line, the rule's id, and why."""
        known = fixes_by_rule()
        for rule, one in self.unsafe.left:
            why = "no rewrite is known for this rule"
            if rule in self.unsafe.refused | self.safe.refused:
                why = "its rewrite does not hold here: the rule would find as much, or another one more"
            elif rule in known:
                why = "its rewrite does not reach this place"
            yield one.line, rule, why


def fixes_in(repository: Path, paths: Sequence[str]) -> Iterator[FileFix]:
    """Yield each file in which something can be mended; nothing is written.

    `paths` bound the files; without any it is those that differ from HEAD.
    """
    store = FileCache(user_folder(os.environ))
    learn(store)
    known = fixes_by_rule()
    safe = {rule: one for rule, one in known.items() if one.safe}
    with open_change(repository, WorkTree()) as opened:
        policy = read_policy(opened.policy, catalog().gates, store)
        settings = policy.settings_for(NAME, Settings)
        changed = [one.path for one in opened.change.files]
        every = [path for path in opened.head.entries() if matches(path, paths)] if paths else changed
        wanted = sorted(path for path in every if is_python(path) and not matches(path, settings.ignore))
        # A rewrite adds no file, so that all of them stand among the same modules.
        modules = Code(opened.head, store, settings.roots).modules
        for path, source in opened.head.read_many(wanted).items():
            look = partial(_found, opened.head, store, settings, modules, path)
            first = mended(source, safe, look)
            second = mended(first.after, _unsafe(known), look, first.left)
            if first.done or second.done or second.left:
                yield FileFix(opened.repository.path / path, path, first, second)


def _unsafe(known: Mapping[str, Fix]) -> Mapping[str, Fix]:
    return {rule: one for rule, one in known.items() if not one.safe}


def _found(
    tree: Tree, cache: Cache, settings: Settings, modules: Modules, path: str, source: bytes
) -> list[tuple[str, Found]]:
    code = Code(EditedTree(tree, {path: source}), cache, settings.roots, hooks=hooks(), modules=modules)
    side = Side(Graph(code), settings, frozenset({path}), SystemClock().today())
    module = side.module(path)
    found = [(rule.id, one) for rule, one in side.found_in(module) if one.path in {"", path}]
    return _without_excused(module, found)


def _without_excused(module: Module, found: list[tuple[str, Found]]) -> list[tuple[str, Found]]:
    """Leave out what a comment excuses, and add the comments that excuse nothing."""
    today = SystemClock().today()
    valid = [one for one in allowances_in(module.facts) if not one.invalid(today)]
    kept = [(rule, one) for rule, one in found if not any(each.covers(rule, one.line) for each in valid)]
    idle = [
        Found(one.directive.line, one.scope, "", one.directive.code)
        for one in valid
        if all(rule.startswith("GR") for rule in one.rules)
        and not any(one.covers(rule, each.line) for rule, each in found)
    ]
    return [*kept, *((UNUSED_ALLOWANCE.id, one) for one in idle)]
