"""`guardrails lint`: judge whole trees by the architecture rules, with or without git."""

import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from guardrails.cli.command import Command, exit_code
from guardrails.cli.frame.audience import default_format, width_and_colour
from guardrails.model.change import Stage
from guardrails.model.frozen import replace
from guardrails.model.verdict import Outcome

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from guardrails.tasks.lint import Judged

# Reports that hold nothing measured, once the seconds are left out, and can therefore be said again.
_REPEATABLE = frozenset({"terminal", "agent"})
_SETTLED = frozenset({Outcome.PASS, Outcome.REVIEW, Outcome.BLOCK})


def _configure(parser: "ArgumentParser") -> None:
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders (default: here)")
    parser.add_argument(
        "--stage",
        choices=[Stage.COMMIT.value, Stage.MERGE.value],
        default=Stage.MERGE.value,
        help="whose effects of rules count (default: merge)",
    )
    parser.add_argument(
        "--format",
        action="append",
        default=[],
        metavar="FORMAT",
        help="terminal, agent, json, sarif or html; may be repeated, each with its --output",
    )
    parser.add_argument(
        "--output",
        action="append",
        default=[],
        metavar="FILE",
        help="write the report of the --format in the same position here instead of standard output",
    )
    parser.add_argument(
        "--unresolved",
        action="store_true",
        help="measure the share of each module's calls that cannot be followed; --format json shows it",
    )
    parser.add_argument("--strict", action="store_true", help="at the commit stage, let `review` exit 4")


def _at_once(words: Sequence[str]) -> int | None:
    """Say again what was said of an unchanged tree; None where that cannot be told."""
    from guardrails.tasks.remembered import said_of  # noqa: PLC0415 - other commands need not pay for it

    said = said_of(words, _audience())
    if said is None:
        return None
    text, code = said
    sys.stdout.flush()
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()
    return code


def _audience() -> tuple[str, int, bool]:
    return default_format(os.environ), *width_and_colour()


def _run(parsed: "Namespace") -> int:
    begun = time.time_ns()
    # A tree that did not change since it was judged needs nothing of these, which cost 0.1 CPU s.
    from guardrails.cli.frame.output import check_formats, write_reports  # noqa: PLC0415
    from guardrails.tasks.lint import judged  # noqa: PLC0415

    check_formats(parsed.format, parsed.output)
    found = judged(parsed.paths, Stage(parsed.stage), measures_unresolved=parsed.unresolved)
    verdict = found.verdict
    write_reports(verdict, parsed.format, parsed.output)
    code = exit_code(verdict.outcome, verdict.stage, strict=parsed.strict)
    names = parsed.format or [default_format(os.environ)]
    if not parsed.output and _REPEATABLE.issuperset(names) and verdict.outcome in _SETTLED:
        _keep(parsed.words, found, names[0], begun, code)
    return code


def _keep(words: Sequence[str], found: "Judged", name: str, begun: int, code: int) -> None:
    from guardrails.cli.frame.output import text_of  # noqa: PLC0415 - as above
    from guardrails.tasks.remembered import remember  # noqa: PLC0415 - as above

    watched = found.watched()
    if watched is not None:
        said = text_of(replace(found.verdict, measured={}), name)
        remember(words, _audience(), watched, begun, (said, int(code)))


COMMAND = Command(
    "lint",
    "judge whole trees by the architecture rules, with or without git",
    _configure,
    _run,
    at_once=_at_once,
)
