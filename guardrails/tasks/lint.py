"""Judges a whole tree as it stands on the disk: a git work tree, or a folder that no git knows.

Nothing is compared with a base, so policy is the tree's own. What must not be believed by a merge is
judged by `review`; this is for a look at everything at once, and for trees that come to us new.
"""

import gc
import os
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from guardrails import __version__
from guardrails.adapters.cache import FileCache, user_folder
from guardrails.adapters.clock import SystemClock
from guardrails.adapters.executor import ForkingExecutor
from guardrails.adapters.files.listing import found, top_of, tracked, walked
from guardrails.adapters.files.stamps import Stamps, digests_of
from guardrails.adapters.files.tree import FolderTree
from guardrails.adapters.git.watched import watched_by_git
from guardrails.adapters.laboratory import RunLaboratory
from guardrails.adapters.policy.reader import read_policy
from guardrails.analysis.code.selection import is_python, matches
from guardrails.analysis.code.sources import PROJECT_FILES
from guardrails.engine.judge import Ledger, judge
from guardrails.engine.plan import Plan, PlannedGate
from guardrails.engine.run import run_plan
from guardrails.gates.architecture.gate import GATE
from guardrails.gates.architecture.settings import NAME, Settings
from guardrails.model.change import Change, Revision, Stage
from guardrails.model.errors import UsageError
from guardrails.model.finding import Finding, Status
from guardrails.model.frozen import frozen, replace
from guardrails.model.gate import Context
from guardrails.model.policy import Policy
from guardrails.model.ports import Box
from guardrails.model.rule import Report
from guardrails.model.verdict import Verdict
from guardrails.wiring import catalog, final_rules

_POLICY = "policies/"
_SECONDS = 1800.0


@frozen
class Place:
    """The tree to judge: its top folder, whether git knows it, and what of it is asked for."""

    top: Path
    in_git: bool
    under: tuple[str, ...]


@frozen
class Judged:
    """A verdict on a tree, the names of the files that were there, and of those that it rests on."""

    verdict: Verdict
    place: Place
    names: frozenset[str]
    read: frozenset[str]
    asked: tuple[Path, ...]

    def watched(self) -> tuple[dict[str, list[str]], list[str]] | None:
        """Return the folders with the files that the verdict rests on, and files that may be absent, absolute.

        None where it may rest on more than can be told.
        """
        top = self.place.top
        folders: dict[str, list[str]] = {}
        others = [
            str(one / ".git")
            for path in self.asked
            for one in (path.resolve(), *path.resolve().parents)
            if not (one / ".git").exists()
        ]
        if self.place.in_git:
            seen = watched_by_git(top, self.names, os.environ)
            if seen is None:
                return None
            folders = {folder: [] for folder in seen.folders}
            others += seen.files
        else:
            folders = {f"{top}/{prefix}".rstrip("/"): [] for prefix, _ in walked(top)}
        for path in self.read:
            folder, _, name = path.rpartition("/")
            folders.setdefault(f"{top}/{folder}".rstrip("/"), []).append(name)
        return folders, others


def lint(paths: Sequence[str], stage: Stage = Stage.MERGE, *, measures_unresolved: bool = False) -> Verdict:
    """Return the verdict on the Python files at `paths`, as `judged` does."""
    return judged(paths, stage, measures_unresolved=measures_unresolved).verdict


def judged(paths: Sequence[str], stage: Stage = Stage.MERGE, *, measures_unresolved: bool = False) -> Judged:
    """Judge the Python files at `paths` (here, when empty) by all rules of the architecture gate.

    `measures_unresolved` adds the share of calls that nobody can follow, by module. Raises UsageError
    for a path that does not exist, or paths of different trees.
    """
    place = place_of(paths)
    cache_folder = user_folder(os.environ)
    cache = FileCache(cache_folder)
    names = frozenset(tracked(place.top, os.environ) if place.in_git else found(place.top))
    policies = FolderTree(
        place.top, [name for name in names if name.startswith(_POLICY)], partial(digests_of, place.top)
    )
    policy = read_policy(policies, catalog().gates, cache, source="policies/ as it stands here")
    data = policy.settings_for(NAME, Settings).data
    judged = frozenset(
        one
        for one in names
        if is_python(one) or one.rpartition("/")[2] in PROJECT_FILES or (data and matches(one, data))
    )
    tree = FolderTree(place.top, judged, Stamps(place.top, cache).digests)
    revision = Revision("files", tree.id)
    nothing = Revision("nothing", "")
    change = Change(nothing, revision, revision, (), "the caller, who named files", whole_tree=True)
    make_box = partial(_box, policy)
    with RunLaboratory(place.top, tree, make_box, cache, cache_folder) as laboratory:
        context = Context(change, tree, tree, stage, policy, (), laboratory, SystemClock())
        verdict = _verdict(context, place, measures_unresolved)
    policed = frozenset(one for one in names if one.startswith(_POLICY))
    return Judged(verdict, place, names, judged | policed, tuple(map(Path, paths)) or (Path(),))


def _verdict(context: Context, place: Place, measures_unresolved: bool) -> Verdict:
    from guardrails.gates.architecture.whole import report_on_tree  # noqa: PLC0415 - in the child alone, below

    def run(context: Context) -> Report:
        gc.disable()  # this child ends with its report, and each collection would walk the facts of all files
        return report_on_tree(context, str(place.top), place.under, measures_unresolved=measures_unresolved)

    gate = replace(GATE, run=run, seconds=dict.fromkeys(Stage, _SECONDS))
    plan = Plan(context.stage, (PlannedGate(NAME),))
    results = run_plan(plan, [gate], context, ForkingExecutor())
    final = frozenset(rule.id for rule in final_rules(results))
    ledger = Ledger(context.policy, context.clock.today(), context.change.digest, final_rules=final)
    judgement = judge(plan, results, ledger)
    return Verdict(
        outcome=judgement.outcome,
        stage=context.stage,
        change=context.change,
        gates=judgement.gates,
        findings=judgement.findings,
        policy_source=context.policy.source,
        policy_digest=context.policy.digest,
        harness=__version__,
        box="not needed",
        notes=(*_notes(context.policy), *_idle_entries(context, place, judgement.findings)),
        measured={name: dict(one.measured) for name, one in results.items() if one.measured},
    )


def _notes(policy: Policy) -> tuple[str, ...]:
    """Return what policy says of itself; nothing is compared here, so what it says of a base it says of the tree."""
    return tuple(one.replace("base has no", "there is no", 1) for one in policy.notes)


def _idle_entries(context: Context, place: Place, findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return what is to be said of entries of the baseline that match nothing in the whole tree."""
    used = Counter(one.fingerprint for one in findings if one.status is Status.BASELINED)
    idle = 0 if place.under else (context.policy.baseline.counted() - used).total()
    said = (
        f"{idle} of policies/baseline.json match nothing any more; `guardrails baseline --write` drops them"
    )
    return (said,) if idle else ()


def place_of(paths: Sequence[str]) -> Place:
    """Return the tree that holds all of `paths`, and the paths as the tree names them."""
    asked = [Path(path) for path in paths] or [Path()]
    for one in asked:
        if not one.exists():
            raise UsageError(f"{str(one)!r} does not exist; name files or folders that do")
    tops = {top_of(one, os.environ) for one in asked}
    here = Path.cwd()
    if not any(in_git for _, in_git in tops) and all(top.is_relative_to(here) for top, _ in tops):
        tops = {(here, False)}
    if len(tops) > 1:
        named = ", ".join(sorted(repr(str(top)) for top, _ in tops))
        raise UsageError(f"the paths belong to different trees ({named}); judge one at a time")
    (top, in_git), *_ = tops
    under = [one.resolve().relative_to(top).as_posix() for one in asked]
    return Place(top, in_git, () if "." in under else tuple(sorted(set(under))))


def _box(policy: Policy) -> Box:
    from guardrails.adapters.box.ladder import strongest  # noqa: PLC0415 - only rules of a team's own need one

    return strongest(policy.minimum_box)
