"""`guardrails approve`: an approver's signed consent to named findings of one change."""

import sys
from argparse import ArgumentParser, Namespace
from datetime import date
from pathlib import Path

from guardrails.cli.command import Command, Exit
from guardrails.cli.frame.options import add_approvals, add_inputs, add_judging, question_from
from guardrails.model.errors import UsageError


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "findings",
        nargs="*",
        metavar="FINGERPRINT",
        help="fingerprints, beginnings of them, or ids such as GR201-3f9c1a7b; without any, list them",
    )
    parser.add_argument("--reason", default="", metavar="TEXT", help="why you consent")
    parser.add_argument("--until", default="", metavar="YYYY-MM-DD", help="the last day on which it holds")
    parser.add_argument("--key", metavar="FILE", help="your SSH key (default: the key on a token in ~/.ssh)")
    parser.add_argument(
        "--verdict", metavar="FILE", help="a report of --format json; without it, the change is judged here"
    )
    parser.add_argument("--yes", action="store_true", help="sign without asking")
    parser.add_argument("--output", metavar="PATH", help="a new file or a folder, instead of the repository")
    add_inputs(parser)
    add_approvals(parser)
    add_judging(parser)
    parser.set_defaults(task=None)


def _run(parsed: Namespace) -> int:
    from guardrails.tasks.approval.giving import Wish, approvable, given  # noqa: PLC0415 - help needs none of it
    from guardrails.tasks.approval.key import usual_key  # noqa: PLC0415 - as above

    question = question_from(parsed)
    report = Path(parsed.verdict) if parsed.verdict else None
    if not parsed.findings:
        print(approvable(question, report))
        print("next: guardrails approve ID --reason TEXT --until YYYY-MM-DD")
        return Exit.PASS
    key = Path(parsed.key).expanduser() if parsed.key else usual_key(Path.home())
    wish = Wish(tuple(parsed.findings), parsed.reason, _day(parsed.until), key)

    def agreed(text: str) -> bool:
        print(text, flush=True)
        return parsed.yes or _asked()

    for place in given(question, report, wish, Path(parsed.output) if parsed.output else None, agreed):
        print(f"approved: {place}")
    print(_next(stored=not parsed.output))
    return Exit.PASS


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            "--until is needed: the last day on which the approval holds, as YYYY-MM-DD"
        ) from None
    return day


def _asked() -> bool:
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked here; read the text above, then give --yes")
    print("Type yes to sign: ", end="", flush=True)
    return sys.stdin.readline().strip().lower() == "yes"


def _next(*, stored: bool) -> str:
    if stored:
        return "next: git push origin 'refs/guardrails/approvals/*:refs/guardrails/approvals/*'"
    return "next: guardrails review --approvals PATH"


COMMAND = Command("approve", "consent to findings of a change, signed with your SSH key", _configure, _run)
