"""`guardrails rules`: every rule on one line, or the team's own tried on their examples."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from guardrails.cli.command import Command, Exit
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
        "--repo", default=".", metavar="DIR", help="a folder of the repository (default: here)"
    )


def _run(parsed: Namespace) -> int:
    if parsed.action == "test":
        return _tested(Path(parsed.repo))
    for rule in catalog().rules():
        if parsed.gate in {None, rule.gate}:
            print(f"{rule.id}  {rule.effect.value:<9}  {rule.gate:<12}  {rule.name}: {rule.summary}")
    return Exit.PASS


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
