"""`guardrails rules`: every rule on one line."""

from argparse import ArgumentParser, Namespace

from guardrails.cli.command import Command, Exit
from guardrails.wiring import catalog


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("--gate", metavar="NAME", help="only the rules of this gate")


def _run(parsed: Namespace) -> int:
    for rule in catalog().rules():
        if parsed.gate in {None, rule.gate}:
            print(f"{rule.id}  {rule.effect.value:<9}  {rule.gate:<12}  {rule.name}: {rule.summary}")
    return Exit.PASS


COMMAND = Command("rules", "list every rule", _configure, _run)
