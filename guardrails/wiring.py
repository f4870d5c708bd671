"""The composition root: finds gates and formats in their folders and joins them to the adapters.

Adding a gate is one new folder, adding a format one new file; neither needs an edit here.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from guardrails import __version__
from guardrails.adapters.cache import FileCache, user_folder
from guardrails.adapters.clock import SystemClock
from guardrails.adapters.executor import ForkingExecutor
from guardrails.adapters.git.inputs import (
    Branch,
    Commits,
    Opened,
    Patch,
    Source,
    Staged,
    WorkTree,
    open_change,
    retargeted,
)
from guardrails.adapters.laboratory import RunLaboratory
from guardrails.adapters.policy.reader import read_policy
from guardrails.adapters.scratch import RunFolder
from guardrails.adapters.tools import find_tool
from guardrails.engine.catalog import Catalog
from guardrails.engine.judge import Judgement, Ledger, judge, lost_services, unreadable
from guardrails.engine.plan import Plan, plan_for
from guardrails.engine.run import Result, run_plan
from guardrails.model.change import Change, Revision, Stage
from guardrails.model.digest import sha256
from guardrails.model.errors import CannotJudge, UsageError
from guardrails.model.finding import Finding
from guardrails.model.frozen import frozen, replace
from guardrails.model.gate import Context, Gate
from guardrails.model.policy import BoxLevel, Policy, Service
from guardrails.model.ports import Box, Tool
from guardrails.model.rule import Report, Rule
from guardrails.model.verdict import Outcome, Verdict
from guardrails.report.format import Format

if TYPE_CHECKING:
    from guardrails.adapters.crowd import Crowd

_HERE = os.path.dirname(__file__)  # noqa: PTH120 - pathlib would cost every start-up 5 ms
_ExportT = TypeVar("_ExportT")
# Architecture reads the changed files for facts and marks at once; who comes later finds the facts in the cache.
_ORDER = ("architecture", "style", "integrity", "contract", "golden", "latency", "mutation")


@frozen
class Question:
    """What is to be judged: one repository, one change named in one way, one stage.

    At most one of head, patch, staged and worktree names the change; with none of them, and no base,
    it is what HEAD adds to the target branch, or on that branch itself what the work tree adds.
    `approvals` are files and folders with approvals, besides those that the repository stores;
    `authors` name who wrote the change, besides those whom its commits name.
    """

    repository: Path
    stage: Stage = Stage.MERGE
    base: str | None = None
    head: str | None = None
    patch: bytes | None = None
    patch_name: str = ""
    staged: bool = False
    worktree: bool = False
    only: tuple[str, ...] = ()
    task: str | None = None
    allow_unsandboxed: bool = False
    approvals: tuple[Path, ...] = ()
    authors: tuple[str, ...] = ()


@cache
def catalog() -> Catalog:
    """Return every gate whose folder holds a gate.py, the known ones in the order in which they judge."""
    folder = f"{_HERE}/gates"
    names = [name for name in os.listdir(folder) if os.path.exists(f"{folder}/{name}/gate.py")]  # noqa: PTH208, PTH110 - as above
    ordered = sorted(names, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))
    return Catalog(tuple(_exported(f"guardrails.gates.{name}.gate", "GATE", Gate) for name in ordered))


@cache
def format_names() -> Mapping[str, str]:
    """Return the module of every report format by the format's name; a `_v1` in a file's name is its version."""
    files = [name[:-3] for name in os.listdir(f"{_HERE}/report") if name.endswith(".py")]  # noqa: PTH208 - as above
    return {stem.partition("_v")[0]: stem for stem in sorted(files) if stem not in {"__init__", "format"}}


@cache
def report_format(name: str) -> Format:
    """Return the format of that name; only its own module is imported."""
    return _exported(f"guardrails.report.{format_names()[name]}", "FORMAT", Format)


def _exported(module: str, attribute: str, kind: type[_ExportT]) -> _ExportT:
    found = getattr(import_module(module), attribute)
    if not isinstance(found, kind):
        raise TypeError(f"{module}.{attribute} is no {kind.__name__}")
    return found


def explained(rule_id: str) -> Rule | None:
    """Return the rule with that id, for reports that show why."""
    return next((rule for rule in catalog().rules() if rule.id == rule_id), None)


def answer(question: Question) -> Verdict:
    """Return the verdict on the change; raises UsageError for what cannot be read as asked."""
    folder = user_folder(os.environ)
    store = FileCache(folder)
    try:
        opened, policy = opened_change(question, store)
    except CannotJudge as error:
        return _unread(question, str(error))
    with opened, _laboratory(question, opened, policy, folder, store) as laboratory:
        verdict = _verdict(question, opened, policy, laboratory)
        if opened.change.head.commit is None:
            return verdict
        from guardrails.adapters.unjudged import notes_on  # noqa: PLC0415 - what is staged leaves nothing out

        return replace(verdict, notes=(*verdict.notes, *notes_on(opened)))


def derived_document(repository: Path, revision: str, app: str, *, allow_unsandboxed: bool = False) -> bytes:
    """Return the OpenAPI document that code of a revision, else of the work tree, derives in the box.

    `app` is a service of the policy there, or `module:attribute`. Raises UsageError for a name that
    is neither, and CannotJudge where the code gives no document.
    """
    question = Question(
        repository=repository,
        base=revision or None,
        head=revision or None,
        worktree=not revision,
        allow_unsandboxed=allow_unsandboxed,
    )
    folder = user_folder(os.environ)
    store = FileCache(folder)
    opened, policy = opened_change(question, store)
    with opened, _laboratory(question, opened, policy, folder, store) as laboratory:
        service = next((one for one in policy.services if one.name == app), None)
        if service is None and ":" not in app:
            known = ", ".join(one.name for one in policy.services) or "none"
            raise UsageError(f"{app!a} is neither a file nor a service; policy knows the services {known}")
        return laboratory.document(service or Service(name=app, app=app, paths=(".",)), opened.head)


def opened_change(question: Question, store: FileCache) -> tuple[Opened, Policy]:
    """Return the opened change, for the caller to close, and base's policy; that of the target that it names."""
    opened = open_change(question.repository, _source(question), task=question.task)
    try:
        policy = _policy_of(opened, store)
        if policy.target and (question.staged or question.worktree):
            read = opened.change.policy_base
            opened = retargeted(opened, policy.target)
            if (opened.change.policy_base.commit, opened.change.policy_base.tree) != (read.commit, read.tree):
                policy = _policy_of(opened, store)
    except BaseException:
        opened.close()
        raise
    return opened, policy


def _policy_of(opened: Opened, store: FileCache) -> Policy:
    revision = opened.change.policy_base
    name = (revision.commit or revision.tree)[:12]
    return read_policy(opened.policy, catalog().gates, store, source=f"policies/ at {name}")


def _source(question: Question) -> Source:
    if question.patch is not None:
        return Patch(question.patch, question.base or "HEAD")
    if question.staged:
        return Staged()
    if question.worktree:
        return WorkTree()
    if question.base is None:
        return Branch(question.head)
    return Commits(question.base, question.head or "HEAD")


@contextmanager
def _laboratory(
    question: Question, opened: Opened, policy: Policy, folder: Path, store: FileCache
) -> Iterator[RunLaboratory]:
    def make_box() -> Box:
        from guardrails.adapters.box.ladder import strongest  # noqa: PLC0415 - static gates need no box

        return strongest(policy.minimum_box, allow_unsandboxed=question.allow_unsandboxed)

    seed = sha256(f"{opened.base.id} {opened.head.id} {policy.digest}".encode()).digest()
    with RunLaboratory(
        repository=opened.repository.path,
        base=opened.base,
        make_box=make_box,
        cache=store,
        cache_folder=folder,
        seed=int.from_bytes(seed[:8], "big"),
        allowed_packages=policy.allowed_packages,
    ) as laboratory:
        yield laboratory


def _verdict(question: Question, opened: Opened, policy: Policy, laboratory: RunLaboratory) -> Verdict:
    gates = catalog().gates
    plan = plan_for(opened.change, policy, question.stage, gates, question.only)
    clock = SystemClock()
    context = Context(
        change=opened.change,
        base=opened.base,
        head=opened.head,
        stage=question.stage,
        policy=policy,
        services=policy.services,
        laboratory=laboratory,
        clock=clock,
    )
    box = _prepared(plan, gates, opened, laboratory, policy)
    crowd = None if question.stage is Stage.COMMIT else _crowd(laboratory.cache_folder)
    opened.repository.objects.lend()
    results = run_plan(plan, gates, context, ForkingExecutor(at_end=laboratory.close, crowd=crowd))
    final = frozenset(rule.id for rule in final_rules(results))
    ledger = Ledger(policy, clock.today(), opened.change.digest, final_rules=final)
    lost = _lost(plan, opened, policy)
    judgement = judge(plan, results, ledger, lost)
    if judgement.outcome is Outcome.PASS and not question.approvals:
        return _report(question, opened.change, policy, judgement, results, box)
    from guardrails.adapters.consent.gathering import gathered  # noqa: PLC0415 - a clean change asks nobody
    from guardrails.engine.consent import heard  # noqa: PLC0415 - as above

    known = {one.fingerprint for one in judgement.findings}
    hearing = gathered(opened, policy, ledger.today, known, question.approvals, question.authors)
    settled = heard(hearing, ledger, lambda ledger, notes: judge(plan, results, ledger, (*lost, *notes)))
    verdict = _report(question, opened.change, policy, settled.judgement, results, box)
    return replace(verdict, approvals=settled.approvals, notes=(*verdict.notes, *settled.remarks))


def _lost(plan: Plan, opened: Opened, policy: Policy) -> tuple[Finding, ...]:
    """Return what is wrong with services that own no file; the commit stage runs none, and stays quick."""
    if plan.stage is Stage.COMMIT or not policy.services:
        return ()
    return lost_services(policy.services, opened.base.entries().keys() | opened.head.entries().keys())


def _prepared(
    plan: Plan, gates: tuple[Gate, ...], opened: Opened, laboratory: RunLaboratory, policy: Policy
) -> str:
    """Choose the box and lay out both trees once, before the gates fork; return the box's level."""
    running = {planned.name for planned in plan.gates if planned.skip_reason is None}
    has_tests = any(service.tests for service in policy.services)
    runs_code = any((gate.dynamic or has_tests) and gate.name in running for gate in gates)
    if plan.stage is Stage.COMMIT or not runs_code:
        return "not needed"
    try:
        level = laboratory.box.level
        for tree in (opened.base, opened.head):
            laboratory.checkout(tree)
    except CannotJudge:
        return "none"  # each gate meets the same error and says it
    return level.value


def _crowd(folder: Path) -> "Crowd":
    from guardrails.adapters.crowd import Crowd  # noqa: PLC0415 - at commit nothing measures time

    return Crowd(folder)


def final_rules(results: Mapping[str, Result]) -> Iterator[Rule]:
    """Yield the final rules among those that were found; without findings no rule is imported."""
    found = {one.rule for result in results.values() if isinstance(result, Report) for one in result.findings}
    if found:
        yield from (rule for rule in catalog().rules() if rule.final and rule.id in found)


def _report(
    question: Question,
    change: Change,
    policy: Policy,
    judgement: Judgement,
    results: Mapping[str, Result],
    box: str,
) -> Verdict:
    notes = list(policy.notes)
    if change.whole_tree:
        notes.append("there is no base, so the whole tree counts as new")
    if question.staged and not change.files:
        notes.append("nothing is staged, so nothing was judged")
    if policy.harness and policy.harness != __version__:
        notes.append(f"policy was written for harness {policy.harness}; this is {__version__}")
    if left_out := _left_out(question, policy):
        notes.append(f"--gate was given, so {', '.join(left_out)} did not judge, though policy requires it")
    if question.allow_unsandboxed:
        notes.append("--allow-unsandboxed was given: the project's code may have run without a box")
    return Verdict(
        outcome=judgement.outcome,
        stage=question.stage,
        change=change,
        gates=judgement.gates,
        findings=judgement.findings,
        policy_source=policy.source,
        policy_digest=policy.digest,
        harness=__version__,
        box=box,
        notes=tuple(notes),
        measured={name: dict(one.measured) for name, one in results.items() if one.measured},
    )


def _left_out(question: Question, policy: Policy) -> list[str]:
    """Return the gates that policy requires and the caller did not ask for."""
    plan = policy.stages.get(question.stage)
    return [name for name in plan.gates if name not in question.only] if plan and question.only else []


def answering_policy(repository: Path) -> str:
    """Return where the policy that would judge a change of this repository comes from."""
    store = FileCache(user_folder(os.environ))
    question = Question(repository, staged=True)
    with open_change(repository, _source(question)) as opened:
        policy = _policy_of(opened, store)
    return f"{policy.source}, {len(policy.services)} services, digest {policy.digest[:12]}"


def write_policy_schemas(root: Path) -> tuple[str, ...]:
    """Write the JSON Schemas of every policy file under `root`; return the names of those that changed."""
    from guardrails.adapters.policy.schema import SCHEMA_FOLDER, write_schemas  # noqa: PLC0415 - rarely asked for

    return tuple(write_schemas(catalog().gates, root / SCHEMA_FOLDER))


def stale_policy_schemas(root: Path) -> tuple[str, ...]:
    """Return the names of the schemas under `root` that are not what the code makes."""
    from guardrails.adapters.policy.schema import SCHEMA_FOLDER, stale_schemas  # noqa: PLC0415 - as above

    return tuple(stale_schemas(catalog().gates, root / SCHEMA_FOLDER))


def box_of(level: BoxLevel) -> Box:
    """Return the box of exactly that level, proved; raises BoxError with what is missing."""
    from guardrails.adapters.box.ladder import strongest  # noqa: PLC0415 - only doctor asks

    return strongest(level, box_levels_allowed=(level,))


def tool_of(name: str) -> Tool:
    """Return one of our own tools; raises ToolMissing."""
    with closing(RunFolder()) as folder:
        return find_tool(name, FileCache(user_folder(os.environ)), folder.path)


def _unread(question: Question, message: str) -> Verdict:
    """Return the verdict on a change that could not even be made out."""
    named = [question.base or "", question.head or question.patch_name or "HEAD"]
    base, head = (Revision(name, "") for name in named)
    judgement = unreadable(message)
    return Verdict(
        outcome=judgement.outcome,
        stage=question.stage,
        change=Change(base, head, base, (), "the caller", question.task),
        gates=(),
        findings=judgement.findings,
        policy_source="not read",
        policy_digest="",
        harness=__version__,
        box="not needed",
    )
