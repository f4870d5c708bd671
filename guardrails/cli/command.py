"""What a file of this folder exports as `COMMAND`, and the exit codes that every command keeps to."""

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

from guardrails.model.change import Stage
from guardrails.model.frozen import frozen
from guardrails.model.verdict import Outcome

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


class Exit(IntEnum):
    """The frozen exit codes."""

    PASS = 0
    BLOCK = 1
    USAGE = 2
    UNDECIDED = 3
    REVIEW = 4
    INTERRUPTED = 130


@frozen
class Command:
    """One command: its one-line summary, what it adds to the parser, and what it does.

    `bare` does the same as `run` without any option; a command that hooks call has one, which spares
    them the parser. `at_once`, given all words after the command's name, returns the exit code where it can
    do without the parser what `run` would do, else None.
    """

    name: str
    summary: str
    configure: "Callable[[ArgumentParser], None]"
    run: "Callable[[Namespace], int]"
    bare: Callable[[], int] | None = None
    at_once: "Callable[[Sequence[str]], int | None] | None" = None


_EXIT_OF = {
    Outcome.PASS: Exit.PASS,
    Outcome.SKIPPED: Exit.PASS,
    Outcome.REVIEW: Exit.REVIEW,
    Outcome.UNDECIDED: Exit.UNDECIDED,
    Outcome.BLOCK: Exit.BLOCK,
}


def exit_code(outcome: Outcome, stage: Stage, *, strict: bool) -> Exit:
    """Return the exit code of a verdict; at the commit stage `review` is 0 unless `strict`."""
    if outcome is Outcome.REVIEW and stage is Stage.COMMIT and not strict:
        return Exit.PASS
    return _EXIT_OF[outcome]
