"""`guardrails lint`: judge whole trees by the architecture rules, with or without git."""

from argparse import ArgumentParser, Namespace

from guardrails.cli.command import Command, exit_code
from guardrails.cli.frame.output import check_formats, write_reports
from guardrails.model.change import Stage
from guardrails.tasks.lint import lint


def _configure(parser: ArgumentParser) -> None:
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


def _run(parsed: Namespace) -> int:
    check_formats(parsed.format, parsed.output)
    verdict = lint(parsed.paths, Stage(parsed.stage), measures_unresolved=parsed.unresolved)
    write_reports(verdict, parsed.format, parsed.output)
    return exit_code(verdict.outcome, verdict.stage, strict=parsed.strict)


COMMAND = Command(
    "lint", "judge whole trees by the architecture rules, with or without git", _configure, _run
)
