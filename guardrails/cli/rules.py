"""`guardrails rules`: every rule on one line or in a table, or the team's own tried on their examples."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from guardrails.cli.command import Command, Exit
from guardrails.model.rule import Rule
from guardrails.wiring import catalog


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "action",
        nargs="?",
        choices=["list", "test"],
        default="list",
        help="list: every rule; test: try policies/rules/ of the work tree on its examples",
    )
    parser.add_argument("--gate", metavar="NAME", help="only the rules of this gate")
    parser.add_argument(
        "--format",
        choices=["text", "markdown", "agents"],
        default="text",
        help="text: a line each; markdown: the guide's table; agents: the short table for AGENTS.md",
    )
    parser.add_argument(
        "--repo", default=".", metavar="DIR", help="a folder of the repository (default: here)"
    )


def _run(parsed: Namespace) -> int:
    if parsed.action == "test":
        return _tested(Path(parsed.repo))
    rules = [rule for rule in catalog().rules() if parsed.gate in {None, rule.gate}]
    print(_FORMATS[parsed.format](rules), end="")
    return Exit.PASS


def _lines(rules: Iterable[Rule]) -> str:
    rows = (f"{one.id}  {one.effect.value:<9}  {one.gate:<12}  {one.name}: {one.summary}\n" for one in rules)
    return "".join(rows)


def table_of(rules: Iterable[Rule]) -> str:
    """Return the guide's table: what each rule finds, what that does, and what to do instead."""
    rows = [
        (f"`{one.id}` {one.name}", _effect(one), one.summary.rstrip("."), one.remedy.rstrip("."))
        for one in rules
    ]
    return _table(("rule", "effect", "finds", "instead"), rows)


def agents_table_of(rules: Iterable[Rule]) -> str:
    """Return the table for AGENTS.md: the rule, and what to do so that it never speaks."""
    return _table(("rule", "instead"), [(f"`{one.id}` {one.name}", one.remedy.rstrip(".")) for one in rules])


def _effect(rule: Rule) -> str:
    early = rule.commit_effect
    return rule.effect.value if early is None else f"{rule.effect.value}, at commit {early.value}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(one.replace('|', '&#124;') for one in row)} |\n" for row in cells)


_FORMATS: Mapping[str, Callable[[Iterable[Rule]], str]] = {
    "text": _lines,
    "markdown": table_of,
    "agents": agents_table_of,
}


def _tested(repository: Path) -> int:
    from guardrails.tasks.rules.examples import trials_in  # noqa: PLC0415 - a list needs no box

    trials = trials_in(repository)
    for one in trials:
        print(f"{'FAIL' if one.failures else 'ok'}  {one.rule}: {one.examples} examples")
        for failure in one.failures:
            print(f"      {failure}")
    if not trials:
        print("policies/rules/ holds no rule; `guardrails explain` and the guide show how to write one")
    return Exit.BLOCK if any(one.failures for one in trials) else Exit.PASS


COMMAND = Command("rules", "list every rule, or test the team's own", _configure, _run)
