"""`guardrails check`: judge what is staged, in seconds; made for the pre-commit hook."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from guardrails.cli.command import Command, exit_code
from guardrails.cli.frame.options import add_approvals, add_common
from guardrails.cli.frame.output import check_formats, write_reports
from guardrails.model.change import Stage
from guardrails.wiring import Question, answer

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

PLAIN = Question(repository=Path(), stage=Stage.COMMIT, staged=True)


def _configure(parser: "ArgumentParser") -> None:
    parser.add_argument(
        "paths", nargs="*", help="ignored: the index says what is staged, whatever a runner passes"
    )
    add_approvals(parser)
    add_common(parser)


def question_in(parsed: "Namespace") -> Question:
    """Return what the options ask; without any it is `PLAIN`."""
    return Question(
        repository=Path(parsed.repo),
        stage=Stage.COMMIT,
        staged=True,
        only=tuple(parsed.gate),
        task=parsed.task,
        allow_unsandboxed=parsed.allow_unsandboxed,
        approvals=tuple(map(Path, parsed.approvals)),
        authors=tuple(parsed.author),
    )


def _run(parsed: "Namespace") -> int:
    check_formats(parsed.format, parsed.output)
    return _reported(question_in(parsed), parsed.format, parsed.output, strict=parsed.strict)


def _bare() -> int:
    return _reported(PLAIN, (), (), strict=False)


def _reported(question: Question, formats: Sequence[str], outputs: Sequence[str], *, strict: bool) -> int:
    verdict = answer(question)
    write_reports(verdict, formats, outputs)
    return exit_code(verdict.outcome, verdict.stage, strict=strict)


COMMAND = Command("check", "judge what is staged; made for the pre-commit hook", _configure, _run, _bare)
