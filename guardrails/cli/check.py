"""`guardrails check`: judge what is staged, in seconds; made for the pre-commit hook."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from guardrails.cli.command import Command, exit_code
from guardrails.cli.options import add_common
from guardrails.cli.output import check_formats, write_reports
from guardrails.model.change import Stage
from guardrails.wiring import Question, answer


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="*", help="ignored: the index says what is staged, whatever a runner passes"
    )
    add_common(parser)


def _run(parsed: Namespace) -> int:
    check_formats(parsed.format, parsed.output)
    question = Question(
        repository=Path(parsed.repo),
        stage=Stage.COMMIT,
        staged=True,
        only=tuple(parsed.gate),
        task=parsed.task,
        allow_unsandboxed=parsed.allow_unsandboxed,
    )
    verdict = answer(question)
    write_reports(verdict, parsed.format, parsed.output)
    return exit_code(verdict.outcome, verdict.stage, strict=parsed.strict)


COMMAND = Command("check", "judge what is staged; made for the pre-commit hook", _configure, _run)
