"""Judges by ruff at commit, by mypy besides at merge, and by new suppressions always."""

from collections.abc import Iterable, Iterator, Mapping

from guardrails.analysis.code.origins import origins_of
from guardrails.analysis.code.selection import matches
from guardrails.gates.style.configuration import ruff_configuration
from guardrails.gates.style.issue import Issue, known_paths
from guardrails.gates.style.ruff import Ruff, unreadable
from guardrails.gates.style.rules import MYPY, RUFF, SUPPRESSION, TOOL
from guardrails.gates.style.settings import NAME, SUFFIXES, Settings
from guardrails.gates.style.suppressions import suppressions_in
from guardrails.model.change import Change, FileChange, Mode, Stage
from guardrails.model.errors import CannotJudge
from guardrails.model.finding import Finding, Location
from guardrails.model.gate import Context
from guardrails.model.rule import Report, Rule, finding_of

_FILES = frozenset({Mode.FILE, Mode.EXECUTABLE})


def _judged(change: Change, settings: Settings) -> tuple[str, ...]:
    return tuple(
        one.path for one in change.files if _is_judged(one) and not matches(one.path, settings.ignore)
    )


def _is_judged(one: FileChange) -> bool:
    return one.path.endswith(SUFFIXES) and one.new is not None and one.new.mode in _FILES


def report_on(context: Context) -> Report:
    """Return what the tools find in the change, and what of it they find in base too."""
    settings = context.policy.settings_for(NAME, Settings)
    paths = _judged(context.change, settings)
    origins = {new: old for new, old in origins_of(context.change).items() if new in paths}
    parts = [_suppressions(context, paths, origins), _ruff(context, paths, origins)]
    if context.stage is not Stage.COMMIT:
        parts.append(_mypy(context, origins))
    return _joined(*parts)


def _suppressions(context: Context, paths: Iterable[str], origins: Mapping[str, str]) -> Report:
    sources, before = context.head.read_many(paths), context.base.read_many(origins.values())
    old = {path: before[origin] for path, origin in origins.items() if origin in before}
    return Report(
        findings=tuple(_suppressed(context, sources)),
        base_fingerprints=tuple(one.fingerprint for one in _suppressed(context, old)),
    )


def _suppressed(context: Context, sources: Mapping[str, bytes]) -> Iterator[Finding]:
    for path, source in sources.items():
        for one in suppressions_in(source) if not path.endswith(".ipynb") else ():
            yield finding_of(
                SUPPRESSION,
                context.effect_of(SUPPRESSION),
                Location(path, one.line, f"{path}:{one.symbol}"),
                f"`# {one.text}` tells a tool to look away",
                subject=one.text,
            )


def _ruff(context: Context, paths: tuple[str, ...], origins: Mapping[str, str]) -> Report:
    try:
        configuration = ruff_configuration(context.base, context.laboratory.cache)
        if not configuration:
            return Report(facts=("ruff was not run: base does not configure it",))
        tool = context.laboratory.tool("ruff")
        ruff = Ruff(context.laboratory, tool, configuration)
        head = ruff.issues(context.head, paths)
        base = ruff.issues(context.base, origins.values()) if head else ()
    except CannotJudge as error:
        return _undecided(context, "ruff", error)
    facts = (f"ruff {tool.version} ({tool.source}) with base's configuration",)
    found = _report(context, RUFF, head, known_paths(base, origins), facts)
    return _joined(found, _unreadable(context, paths, origins))


def _unreadable(context: Context, paths: Iterable[str], origins: Mapping[str, str]) -> Report:
    """ruff passes over a file that is not UTF-8 without a word, so the gate has to say it."""
    head = unreadable(context.head.read_many(paths))
    base = unreadable(context.base.read_many(origins.values())) if head else ()
    return _report(context, TOOL, head, known_paths(base, origins), ())


def _joined(*parts: Report) -> Report:
    return Report(
        findings=tuple(one for part in parts for one in part.findings),
        base_fingerprints=tuple(one for part in parts for one in part.base_fingerprints),
        facts=tuple(one for part in parts for one in part.facts),
    )


def _mypy(context: Context, origins: Mapping[str, str]) -> Report:
    # Imported here so that a commit hook does not pay for what only runs at merge.
    from guardrails.gates.style.mypy import Mypy  # noqa: PLC0415
    from guardrails.gates.style.mypy_configuration import mypy_configuration  # noqa: PLC0415

    try:
        configured = mypy_configuration(context.base)
        if configured is None:
            return Report(facts=("mypy was not run: base does not configure it",))
        tool = context.laboratory.tool("mypy")
        mypy = Mypy(context.laboratory, tool, configured, *_interpreter(context))
        head = mypy.issues_even_if_blocked(context.head)
        base = mypy.issues(context.base) if head else ()
    except CannotJudge as error:
        return _undecided(context, "mypy", error)
    facts = [f"mypy {tool.version} ({tool.source}) with base's {configured.path}"]
    if configured.plugins:
        facts.append(
            f"mypy plugins that base names are code, so they were not run: {', '.join(configured.plugins)}"
        )
    return _report(context, MYPY, head, known_paths(base, origins), tuple(facts))


def _interpreter(context: Context) -> tuple[str, str]:
    for service in context.services:
        if service.environment.python or service.environment.lock:
            found = context.laboratory.interpreter(service, context.base)
            return str(found.python), found.digest
    return "", ""


def _report(
    context: Context, rule: Rule, head: Iterable[Issue], base: Iterable[Issue], facts: tuple[str, ...]
) -> Report:
    return Report(
        findings=tuple(_finding(context, rule, one) for one in head),
        base_fingerprints=tuple(_finding(context, rule, one).fingerprint for one in base),
        facts=facts,
    )


def _finding(context: Context, rule: Rule, one: Issue) -> Finding:
    location = Location(one.path, one.line)
    return finding_of(
        rule, context.effect_of(rule), location, f"{one.code} {one.message}", subject=one.subject
    )


def _undecided(context: Context, tool: str, error: CannotJudge) -> Report:
    location = Location("pyproject.toml", 0, tool)
    return Report(findings=(finding_of(TOOL, context.effect_of(TOOL), location, str(error), subject=tool),))
