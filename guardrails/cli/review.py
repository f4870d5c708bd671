"""`guardrails review`: judge a change end to end and report the verdict."""

from argparse import ArgumentParser, Namespace

from guardrails.cli.command import Command, exit_code
from guardrails.cli.frame.options import add_approvals, add_common, add_inputs, question_from
from guardrails.cli.frame.output import check_formats, write_reports
from guardrails.wiring import answer


def _configure(parser: ArgumentParser) -> None:
    add_inputs(parser)
    add_approvals(parser)
    add_common(parser)


def _run(parsed: Namespace) -> int:
    check_formats(parsed.format, parsed.output)
    verdict = answer(question_from(parsed))
    write_reports(verdict, parsed.format, parsed.output)
    return exit_code(verdict.outcome, verdict.stage, strict=parsed.strict)


COMMAND = Command("review", "judge a change: commits, a patch, the index or the work tree", _configure, _run)
