"""`guardrails doctor`: what this machine can judge with, and what stands in the way."""

import importlib.metadata
import platform
import subprocess
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from guardrails import __version__
from guardrails.cli.command import Command, Exit
from guardrails.model.errors import GuardrailsError
from guardrails.model.frozen import frozen, replace
from guardrails.model.policy import BoxLevel
from guardrails.wiring import answering_policy, box_of, tool_of

_DISTRIBUTION = "guardrails-harness"
_LEAST_GIT = (2, 38)
_MARKS = {True: "ok  ", False: "LOOK", None: "-   "}


@frozen
class Line:
    """One thing that was looked at: whether it is fine, what it is, and what to do if not.

    `good` is None for what is not there and not needed either.
    """

    good: bool | None
    subject: str
    said: str


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--repo", default=".", metavar="DIR", help="a folder of the repository (default: here)"
    )


def _run(parsed: Namespace) -> int:
    lines = list(_lines(Path(parsed.repo)))
    for line in lines:
        print(f"{_MARKS[line.good]} {line.subject:<12} {line.said}")
    return Exit.UNDECIDED if any(line.good is False for line in lines) else Exit.PASS


def _lines(repository: Path) -> Iterator[Line]:
    yield Line(good=True, subject="guardrails", said=f"{__version__}, Python {platform.python_version()}")
    yield from _clashes()
    yield _git()
    for tool in ("ruff", "mypy"):
        yield _tried(tool, partial(_tool, tool))
    yield from _boxes()
    yield _tried("policy", partial(answering_policy, repository))


def _boxes() -> Iterator[Line]:
    """Yield a line for each level; where one works, the others need no looking after."""
    lines = [_tried("box", partial(_box, level)) for level in BoxLevel if level is not BoxLevel.NONE]
    works = any(line.good for line in lines)
    yield from (replace(line, good=None) if works and not line.good else line for line in lines)


def _tool(name: str) -> str:
    found = tool_of(name)
    return f"{found.version} ({found.source})"


def _box(level: BoxLevel) -> str:
    return f"{box_of(level).level.value} works"


def _tried(subject: str, look: Callable[[], str]) -> Line:
    try:
        return Line(good=True, subject=subject, said=look())
    except GuardrailsError as error:
        return Line(good=False, subject=subject, said=str(error))


def _clashes() -> Iterator[Line]:
    """Yield a line for every other distribution that owns a module or a command called guardrails."""
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        commands = {point.name for point in distribution.entry_points if point.group == "console_scripts"}
        modules = (distribution.read_text("top_level.txt") or "").split()
        if name and name != _DISTRIBUTION and ("guardrails" in commands or "guardrails" in modules):
            remedy = f"install one of the two in an environment of its own, or call {_DISTRIBUTION}"
            yield Line(
                good=False, subject="name", said=f"the package {name} is called guardrails too; {remedy}"
            )


def _git() -> Line:
    try:
        said = subprocess.run(["git", "--version"], capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return Line(good=False, subject="git", said="git does not run; install git 2.38 or newer")
    words = said.split()
    parts = words[2].split(".") if len(words) > 2 else []  # noqa: PLR2004 - "git version X"
    version = tuple(int(part) for part in parts[:2] if part.isdigit())
    return Line(good=version >= _LEAST_GIT, subject="git", said=f"{said.strip()}; 2.38 or newer is needed")


COMMAND = Command(
    "doctor", "say what this machine can judge with, and what stands in the way", _configure, _run
)
