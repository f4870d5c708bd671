"""`guardrails gates`: every gate on one line."""

from argparse import ArgumentParser, Namespace

from guardrails.cli.command import Command, Exit
from guardrails.wiring import catalog


def _configure(parser: ArgumentParser) -> None:
    del parser


def _run(parsed: Namespace) -> int:
    del parsed
    for gate in catalog().gates:
        stages = ", ".join(stage.value for stage in sorted(gate.stages))
        print(f"{gate.name:<13} {stages:<15} {gate.title}")
    return Exit.PASS


COMMAND = Command("gates", "list every gate", _configure, _run)
