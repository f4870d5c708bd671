"""The options that several commands share, and the change that they name."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from guardrails.model.change import Stage
from guardrails.model.errors import UsageError
from guardrails.wiring import Question

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

_STANDARD_INPUT = "-"


def add_common(parser: "ArgumentParser") -> None:
    """Add what every judging command takes: repository, gates, formats, outputs, task."""
    add_judging(parser)
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
    parser.add_argument("--task", metavar="TEXT", help="what the change claims to do, for the report")
    parser.add_argument("--strict", action="store_true", help="at the commit stage, let `review` exit 4")


def add_judging(parser: "ArgumentParser") -> None:
    """Add what decides how a change is judged: repository, gates, box."""
    parser.add_argument(
        "--repo", default=".", metavar="DIR", help="a folder of the repository (default: here)"
    )
    parser.add_argument(
        "--gate",
        action="append",
        default=[],
        metavar="NAME",
        help="judge by this gate alone; may be repeated",
    )
    parser.add_argument(
        "--allow-unsandboxed",
        action="store_true",
        help="run the project's code without a box where none can be had; the verdict says so",
    )


def add_approvals(parser: "ArgumentParser") -> None:
    """Add where approvals lie, and who wrote the change."""
    parser.add_argument(
        "--approvals",
        action="append",
        default=[],
        metavar="PATH",
        help="a file or folder with approvals, besides those under refs/guardrails/approvals; may be repeated",
    )
    parser.add_argument(
        "--author",
        action="append",
        default=[],
        metavar="NAME",
        help="who wrote the change, besides those whom its commits name; may be repeated",
    )


def add_inputs(parser: "ArgumentParser") -> None:
    """Add the ways to name the change; without any, HEAD is judged against the target branch."""
    parser.add_argument(
        "--base", metavar="REF", help="what the change starts from (default: the target branch)"
    )
    parser.add_argument("--head", metavar="REF", help="the change's last commit (default: HEAD)")
    parser.add_argument(
        "--diff", metavar="FILE", help="a patch to judge on top of base (default HEAD); - reads it"
    )
    parser.add_argument("--staged", action="store_true", help="judge what is staged")
    parser.add_argument("--worktree", action="store_true", help="judge staged, unstaged and untracked files")
    parser.add_argument(
        "--stage",
        choices=[Stage.COMMIT.value, Stage.MERGE.value],
        default=Stage.MERGE.value,
        help="when it is judged",
    )


def question_from(parsed: "Namespace") -> Question:
    """Return what the options of `review` ask; raises UsageError where they contradict each other."""
    sources = [name for name in ("diff", "staged", "worktree") if getattr(parsed, name)]
    if len(sources) > 1:
        raise UsageError(f"--{sources[0]} and --{sources[1]} each name a change; give one of them")
    if sources and parsed.head:
        raise UsageError(f"--head and --{sources[0]} each name a change; give one of them")
    if parsed.base and (parsed.staged or parsed.worktree):
        raise UsageError(
            f"--{sources[0]} is judged by its merge-base with policy's target, not by --base; leave --base out"
        )
    return Question(
        repository=Path(parsed.repo),
        stage=Stage(parsed.stage),
        base=parsed.base,
        head=parsed.head,
        patch=_patch(parsed.diff),
        patch_name="standard input" if parsed.diff == _STANDARD_INPUT else parsed.diff or "",
        staged=parsed.staged,
        worktree=parsed.worktree,
        only=tuple(parsed.gate),
        task=parsed.task,
        allow_unsandboxed=parsed.allow_unsandboxed,
        approvals=tuple(map(Path, parsed.approvals)),
        authors=tuple(parsed.author),
    )


def _patch(name: str | None) -> bytes | None:
    if name is None:
        return None
    if name == _STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise UsageError(
            f"--diff {name}: {error.strerror}; give a file with a patch, or - to read one"
        ) from error
